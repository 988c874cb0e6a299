using System.Data.Common;
using System.Runtime.CompilerServices;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace OrderMonolith.Views;

/// <summary>Plain questions to the database, in a session and so in its transaction.</summary>
public static class Questions
{
    extension(IQuerySession session)
    {
        /// <summary>The rows that a question finds, one after another.</summary>
        /// <param name="sql">The question, with parameters <c>$1</c> and so on.</param>
        /// <param name="read">What is made of a row.</param>
        /// <param name="cancellation">Ends it.</param>
        /// <param name="values">The parameters; an array of texts is one of JSON.</param>
        public async IAsyncEnumerable<T> Each<T>(string sql, Func<DbDataReader, T> read, [EnumeratorCancellation] CancellationToken cancellation, params object[] values)
        {
            await using var command = Command(sql, values);
            await using var reader = await session.ExecuteReaderAsync(command, cancellation);
            while (await reader.ReadAsync(cancellation)) yield return read(reader);
        }

        /// <summary>All rows that a question finds.</summary>
        public async Task<List<T>> Find<T>(string sql, Func<DbDataReader, T> read, params object[] values) => await session.Each(sql, read, default, values).ToListAsync();

        /// <summary>The one value that a question asks for.</summary>
        public async Task<T> Value<T>(string sql, params object[] values) => (await session.Find(sql, reader => reader.GetFieldValue<T>(0), values))[0];

        /// <summary>Does something that finds nothing.</summary>
        public async Task Do(string sql, params object[] values)
        {
            await using var command = Command(sql, values);
            await using var reader = await session.ExecuteReaderAsync(command);
        }
    }

    static NpgsqlCommand Command(string sql, object[] values)
    {
        var command = new NpgsqlCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(value is string[] json ? new() { Value = json, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb } : new NpgsqlParameter { Value = value });
        return command;
    }
}
