using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using OrderMonolith.Storage;

namespace OrderMonolith.Benchmarks;

/// <summary>What PostgreSQL itself allows here: pgbench writes what one command writes (an event, its stream's version, two documents) in one round trip and a commit of its own.</summary>
public sealed partial class PlainAppend : IDisposable
{
    const string Tables = """
        create schema plain;
        create table plain.stream (id int primary key, version int not null, at timestamptz not null);
        create table plain.event (seq bigint generated always as identity primary key, stream int not null, version int not null, type text not null, data jsonb not null,
            at timestamptz not null default now(), unique (stream, version));
        create table plain.document (id int primary key, version int not null, data jsonb not null);
        create table plain.summary (id int primary key, version int not null, data jsonb not null);
        insert into plain.stream select n, 0, now() from generate_series(1, 50000) n;
        """;

    const string Script = """
        \set s random(1, 50000)
        \set p random(1, 100000)
        \startpipeline
        begin;
        with stream as (update plain.stream set version = version + 1, at = now() where id = :s returning version)
        insert into plain.event (stream, version, type, data)
            select :s, version, 'item_added_v2', jsonb_build_object('productId', 'product-' || :p::text, 'quantity', 3, 'unitPrice', 19.99) from stream;
        insert into plain.document values (:s, 1, jsonb_build_object('id', '0198c7a4-5f6e-7c3b-9d2a-1e4f5a6b7c8d', 'customerId', 'customer-77', 'currency', 'USD', 'status', 'Pending', 'lines',
            jsonb_build_array(jsonb_build_object('productId', 'product-1', 'quantity', 3, 'unitPrice', 19.99), jsonb_build_object('productId', 'product-' || :p::text, 'quantity', 3, 'unitPrice', 19.99)),
            'itemCount', 2, 'totalAmount', :p::int, 'version', 3, 'createdAt', now(), 'lastUpdated', now()))
            on conflict (id) do update set version = plain.document.version + 1, data = excluded.data;
        insert into plain.summary values (:s, 1, jsonb_build_object('orderId', '0198c7a4-5f6e-7c3b-9d2a-1e4f5a6b7c8d', 'customerId', 'customer-77', 'currency', 'USD', 'status', 'Pending',
            'itemCount', 2, 'totalAmount', :p::int, 'version', 3, 'createdAt', now(), 'lastUpdated', now()))
            on conflict (id) do update set version = plain.summary.version + 1, data = excluded.data;
        commit;
        \endpipeline
        """;

    readonly Store store;
    readonly string program;
    readonly string script = Path.GetTempFileName();

    PlainAppend(Store store, string program) => (this.store, this.program) = (store, program);

    [GeneratedRegex(@"tps = ([\d.]+)")]
    private static partial Regex Rate { get; }

    /// <summary>Prepares it; nothing where this machine has no pgbench.</summary>
    public static async Task<PlainAppend?> Prepare(Store store)
    {
        if (Command.Find("pgbench", string.Join(Path.PathSeparator, PostgresSearch.Machine.Folders)) is not { } program) return null;
        var append = new PlainAppend(store, program);
        await File.WriteAllTextAsync(append.script, Script);
        await store.Execute(Tables);
        return append;
    }

    /// <summary>Appends for a while.</summary>
    /// <returns>Appends each second.</returns>
    public async Task<double> Run(double seconds, int connections)
    {
        var to = store.Address;
        string[] words = ["-n", "-M", "prepared", "-c", $"{connections}", "-j", "2", "-T", string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds):0}"), "-f", script,
            "-h", to.Host!, "-p", $"{to.Port}", "-U", to.Username!, to.Database!];
        using var process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["PGPASSWORD"] = to.Password } })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        return Rate.Match(output) is { Success: true } rate ? double.Parse(rate.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : throw new InvalidOperationException($"pgbench said: {await error}");
    }

    /// <summary>Removes its script.</summary>
    public void Dispose() => File.Delete(script);
}
