using System.Data;
using Marten;
using Npgsql;
using OrderMonolith.Operations;
using OrderMonolith.Orders;

namespace OrderMonolith.Export;

/// <summary>Exports orders as they are answered, as of one moment, in the order of their ids. One that was cut short begins anew: its moment is over.</summary>
public static class OrderExport
{
    const int Told = 1_024;

    /// <summary>Exports one order or all; answers how many.</summary>
    /// <exception cref="BadInputException">The file is there, or cannot be written; or there is no such order.</exception>
    public static async Task<long> Run(NpgsqlDataSource database, IDocumentStore store, string path, Guid? order, IProgress<Progress> progress, CancellationToken stop)
    {
        await using var file = ExportFile.Open(path);
        if (await file.Begins(ExportHeader.Start.ToArray(), stop))
            throw new BadInputException($"{ExportFile.Unfinished(path)} was begun as an export of events. Remove it, or name another file.");
        file.Restart();
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var moment = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, stop);

        // A rebuild that puts another table in place ends before the moment is taken, or begins after the export.
        await using var stay = new NpgsqlCommand($"lock table {store.TableOf<Order>()} in access share mode", connection, moment);
        await stay.ExecuteNonQueryAsync(stop);
        await using var count = Command("count(*)", "");
        var (orders, all) = (0L, (long)(await count.ExecuteScalarAsync(stop))!);
        if (order is not null && all == 0) throw new BadInputException($"Order {order} is not in the view: run 'verify --repair'.");

        await using var question = Command("data", "order by id");
        await using var rows = await question.ExecuteReaderAsync(stop);
        while (await rows.ReadAsync(stop))
        {
            stop.ThrowIfCancellationRequested();
            file.Write(rows.GetFieldValue<byte[]>(0));
            file.Write("\n"u8);
            if (++orders % Told == 0) progress.Report(new("orders", orders, all, orders));
        }

        file.Finish();
        progress.Report(new("orders", orders, all, orders));
        return orders;

        NpgsqlCommand Command(string what, string sorted) => new($"select {what} from {store.TableOf<Order>()} where $1 is null or id = $1 {sorted}", connection)
        {
            CommandTimeout = 0,
            Parameters = { new NpgsqlParameter { Value = (object?)order ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid } },
        };
    }
}
