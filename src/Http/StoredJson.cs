using System.Data;
using System.Globalization;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using Npgsql;
using NpgsqlTypes;

namespace OrderMonolith.Http;

/// <summary>Answers with JSON as it lies in the database: nothing is read into objects on its way out.</summary>
/// <param name="json">The bytes.</param>
/// <param name="version">The version they show, if they are of one thing that has versions.</param>
public sealed class StoredJson(ReadOnlyMemory<byte> json, long? version = null) : IResult
{
    /// <summary>The JSON and the version of a document of the caller's; null where there is none.</summary>
    /// <param name="database">Where it lies.</param>
    /// <param name="table">In which table.</param>
    /// <param name="id">Its id.</param>
    /// <param name="http">The request: whose documents it may see, and when it gives up.</param>
    public static async Task<(byte[] Json, long Version)?> Find(NpgsqlDataSource database, string table, Guid id, HttpContext http)
    {
        await using var command = database.CreateCommand($"select data, mt_version from {table} where id = $1 and ($2 is null or customer_id = $2)");
        OfCallers(command, id, http);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, http.RequestAborted);
        return await reader.ReadAsync(http.RequestAborted) ? (reader.GetFieldValue<byte[]>(0), reader.GetInt64(1)) : null;
    }

    /// <summary>Why an order is not among the documents of a view: the caller has none of that id, or the view lacks it.</summary>
    /// <param name="database">Where its events are.</param>
    /// <param name="order">The order.</param>
    /// <param name="http">The request: whose orders it may see, and when it gives up.</param>
    public static async Task<ProblemException> WhyMissing(NpgsqlDataSource database, Guid order, HttpContext http)
    {
        await using var command = database.CreateCommand("select exists (select from events.mt_events where stream_id = $1 and version = 1 and ($2 is null or data ->> 'customerId' = $2))");
        OfCallers(command, order, http);
        return await command.ExecuteScalarAsync(http.RequestAborted) is true
            ? new("projection-behind", "The order is there, but not in this view yet. Try again; if it stays away, 'verify' tells why.")
            : ProblemException.OrderNotFound;
    }

    static void OfCallers(NpgsqlCommand command, Guid id, HttpContext http)
    {
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = Caller.Of(http).CustomerId, NpgsqlDbType = NpgsqlDbType.Text });
    }

    /// <summary>Something in the form in which it would be stored. All of it is there before an answer begins: one that comes too late is none.</summary>
    public static StoredJson Of<T>(T value, long? version = null) => new(JsonSerializer.SerializeToUtf8Bytes(value, Json.Stored), version);

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
