using System.Data;
using System.Globalization;
using Microsoft.Net.Http.Headers;
using Npgsql;
using NpgsqlTypes;

namespace OrderMonolith.Http;

/// <summary>Answers with JSON as it lies in the database: nothing is read into objects on its way out.</summary>
/// <param name="json">The bytes.</param>
/// <param name="version">The version they show, if they are of one thing that has versions.</param>
public sealed class StoredJson(ReadOnlyMemory<byte> json, long? version = null) : IResult
{
    /// <summary>One thing of a caller: a question with the thing's id as <c>$1</c> and the caller's customer, or null, as <c>$2</c>, answered by its JSON and its version; null where there is none.</summary>
    public static async Task<(byte[] Json, long Version)?> Find(NpgsqlDataSource database, string sql, Guid id, HttpContext http)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = Caller.Of(http).CustomerId, NpgsqlDbType = NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, http.RequestAborted);
        return await reader.ReadAsync(http.RequestAborted) ? (reader.GetFieldValue<byte[]>(0), reader.GetInt64(1)) : null;
    }

    /// <inheritdoc />
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        if (version is { } shown)
        {
            var tag = string.Create(CultureInfo.InvariantCulture, $"\"{shown}\"");
            response.Headers.ETag = tag;
            if (IsKnown(httpContext.Request, tag))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }

        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        await response.BodyWriter.WriteAsync(json, httpContext.RequestAborted);
    }

    /// <summary>Whether If-None-Match names the tag, weakly compared (RFC 9110). One that cannot be read names nothing.</summary>
    static bool IsKnown(HttpRequest request, string tag) => request.Headers.IfNoneMatch is { Count: > 0 } header
        && EntityTagHeaderValue.TryParseList(header!, out var known)
        && known.Any(k => k.Equals(EntityTagHeaderValue.Any) || k.Tag == tag);
}
