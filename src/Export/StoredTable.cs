using System.Data.Common;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace OrderMonolith.Export;

/// <summary>A table of the store as an export holds it: which columns, and the member of a line that each of them is. What is NULL is left out.</summary>
/// <param name="Name">The table.</param>
/// <param name="Columns">Its columns: name, member and type.</param>
public sealed record StoredTable(string Name, IReadOnlyList<(string Column, string Member, NpgsqlDbType Type)> Columns)
{
    /// <summary>Streams by id.</summary>
    public static StoredTable Streams { get; } = new("events.mt_streams",
    [
        ("id", "stream", NpgsqlDbType.Uuid),
        ("type", "type", NpgsqlDbType.Varchar),
        ("version", "version", NpgsqlDbType.Bigint),
        ("created", "created", NpgsqlDbType.TimestampTz),
        ("timestamp", "timestamp", NpgsqlDbType.TimestampTz),
        ("tenant_id", "tenant", NpgsqlDbType.Varchar),
        ("compacted_version", "compactedVersion", NpgsqlDbType.Bigint),
        ("is_archived", "archived", NpgsqlDbType.Boolean),
    ]);

    /// <summary>Events by sequence.</summary>
    public static StoredTable Events { get; } = new("events.mt_events",
    [
        ("seq_id", "sequence", NpgsqlDbType.Bigint),
        ("id", "id", NpgsqlDbType.Uuid),
        ("stream_id", "stream", NpgsqlDbType.Uuid),
        ("version", "version", NpgsqlDbType.Bigint),
        ("type", "type", NpgsqlDbType.Varchar),
        ("data", "data", NpgsqlDbType.Jsonb),
        ("bdata", "binary", NpgsqlDbType.Bytea),
        ("timestamp", "timestamp", NpgsqlDbType.TimestampTz),
        ("user_name", "actor", NpgsqlDbType.Varchar),
        ("correlation_id", "correlationId", NpgsqlDbType.Varchar),
        ("causation_id", "causationId", NpgsqlDbType.Varchar),
        ("headers", "headers", NpgsqlDbType.Jsonb),
        ("tenant_id", "tenant", NpgsqlDbType.Varchar),
        ("mt_dotnet_type", "dotnetType", NpgsqlDbType.Varchar),
        ("is_skipped", "skipped", NpgsqlDbType.Boolean),
        ("is_archived", "archived", NpgsqlDbType.Boolean),
    ]);

    /// <summary>The columns as SQL lists them.</summary>
    public string ColumnList => string.Join(", ", Columns.Select(column => column.Column));

    /// <summary>Writes a row, which has the columns in their order, as a line without its end.</summary>
    public void Write(DbDataReader row, Utf8JsonWriter line)
    {
        line.WriteStartObject();
        for (var i = 0; i < Columns.Count; i++)
        {
            if (row.IsDBNull(i)) continue;
            line.WritePropertyName(Columns[i].Member);
            Write(row, i, line);
        }

        line.WriteEndObject();
        line.Flush();
    }

    void Write(DbDataReader row, int i, Utf8JsonWriter line)
    {
        switch (Columns[i].Type)
        {
            case NpgsqlDbType.Bigint: line.WriteNumberValue(row.GetInt64(i)); break;
            case NpgsqlDbType.Boolean: line.WriteBooleanValue(row.GetBoolean(i)); break;
            case NpgsqlDbType.Uuid: line.WriteStringValue(row.GetGuid(i)); break;
            case NpgsqlDbType.TimestampTz: line.WriteStringValue(row.GetDateTime(i)); break;
            case NpgsqlDbType.Bytea: line.WriteBase64StringValue(row.GetFieldValue<byte[]>(i)); break;
            case NpgsqlDbType.Jsonb: line.WriteRawValue(row.GetFieldValue<byte[]>(i), skipInputValidation: true); break;
            default: line.WriteStringValue(row.GetString(i)); break;
        }
    }

    /// <summary>Stores a line as a row.</summary>
    /// <exception cref="FormatException">A member is not what its column holds.</exception>
    /// <exception cref="InvalidOperationException">A member is of another type than its column.</exception>
    public void Store(JsonElement line, NpgsqlBinaryImporter rows)
    {
        rows.StartRow();
        foreach (var (_, member, type) in Columns)
        {
            if (line.TryGetProperty(member, out var value)) Store(value, type, rows);
            else rows.WriteNull();
        }
    }

    static void Store(JsonElement value, NpgsqlDbType type, NpgsqlBinaryImporter rows)
    {
        switch (type)
        {
            case NpgsqlDbType.Bigint: rows.Write(value.GetInt64(), type); break;
            case NpgsqlDbType.Boolean: rows.Write(value.GetBoolean(), type); break;
            case NpgsqlDbType.Uuid: rows.Write(value.GetGuid(), type); break;
            case NpgsqlDbType.TimestampTz: rows.Write(value.GetDateTime().ToUniversalTime(), type); break;
            case NpgsqlDbType.Bytea: rows.Write(value.GetBytesFromBase64(), type); break;
            case NpgsqlDbType.Jsonb: rows.Write(value.GetRawText(), type); break;
            default: rows.Write(value.GetString() ?? throw new FormatException("What is NULL is left out."), type); break;
        }
    }
}
