using System.Text;
using System.Text.Json;
using Npgsql;
using OrderMonolith.Import;
using OrderMonolith.Operations;

namespace OrderMonolith.Specs;

/// <summary>What is not whole, not as it was exported or not meant for this store is refused, and leaves the store as empty as it was.</summary>
public sealed class RefusedImports(Postgres postgres)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData(".gz")]
    public async Task A_file_that_was_cut_short_is_refused_wherever(string ending)
    {
        await using var exported = await ExportedShop.With(postgres, 20);
        await exported.Export("whole" + ending);
        var bytes = await File.ReadAllBytesAsync(exported.File("whole" + ending), Cancellation);
        var copy = await exported.Empty();
        foreach (var cut in (int[])[60, 200, 1_000, bytes.Length / 2, bytes.Length - 100, bytes.Length - (ending is "" ? 2 : 9)])
        {
            await File.WriteAllBytesAsync(exported.File("cut" + ending), bytes[..cut], Cancellation);
            var refusal = await Assert.ThrowsAsync<BadInputException>(() => exported.Import("cut" + ending, copy));
            Assert.Contains(ending is "" ? "was cut short" : "cannot be read", refusal.Message, StringComparison.Ordinal);
            await IsEmpty(copy);
        }

        await exported.Import("whole" + ending, copy);
        Assert.Equal(await ExportedShop.Rows(exported.Shop), await ExportedShop.Rows(copy));
    }

    [Theory]
    [InlineData("a quantity", "\"quantity\": 6", "\"quantity\": 7")]
    [InlineData("a time", "08:00:00.123456Z", "08:00:00.123457Z")]
    [InlineData("what does not matter", "\"quantity\": 6", "\"quantity\":6")]
    [InlineData("a line", "\"sequence\":2,", "\"sequence\":9,")]
    [InlineData("not JSON", "\"sequence\":2,", "\"sequence\"2,")]
    [InlineData("not a number", "\"sequence\":2,", "\"sequence\":\"2\",")]
    [InlineData("no text", "\"type\":\"item_added_v2\"", "\"type\":null")]
    [InlineData("the position", "\"position\":10", "\"position\":11")]
    [InlineData("the count", "\"events\":10,", "\"events\":11,")]
    [InlineData("the format", "\"format\":1,", "\"format\":2,")]
    [InlineData("two ends", "\n$", "\n{\"streams\":2,\"events\":10,\"sha256\":\"\"}\n")]
    [InlineData("an empty line", "\n$", "\n\n")]
    public async Task A_file_that_was_changed_is_refused(string what, string before, string after)
    {
        await using var exported = await ExportedShop.With(postgres, 2);
        await exported.Export("all");
        var text = await File.ReadAllTextAsync(exported.File("all"), Cancellation) + "$";
        var at = text.IndexOf(before, StringComparison.Ordinal);
        Assert.True(at > 0, what);
        await File.WriteAllTextAsync(exported.File("changed"), (text[..at] + after + text[(at + before.Length)..]).TrimEnd('$'), new UTF8Encoding(false), Cancellation);

        var copy = await exported.Empty();
        await Assert.ThrowsAsync<BadInputException>(() => exported.Import("changed", copy));
        await IsEmpty(copy);
    }

    /// <summary>The next event would be stored there, and every number before it taken one by one.</summary>
    [Theory]
    [InlineData("1", false)]
    [InlineData("99999999999", false)]
    [InlineData("1010", true)]
    public async Task A_position_that_no_store_has_is_refused(string position, bool may)
    {
        await using var exported = await ExportedShop.With(postgres, 2);
        await exported.Export("all");
        var lines = await File.ReadAllLinesAsync(exported.File("all"), Cancellation);
        lines[0] = lines[0].Replace("\"position\":10,", $"\"position\":{position},", StringComparison.Ordinal);
        var body = string.Concat(lines[..^1].Select(line => line + "\n"));
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        await File.WriteAllTextAsync(exported.File("lying"), $"{body}{JsonSerializer.Serialize(new { streams = 2, events = 10, sha256 = hash })}\n", new UTF8Encoding(false), Cancellation);

        var copy = await exported.Empty();
        if (may)
        {
            Assert.Equal(1010, (await exported.Import("lying", copy)).Position);
            return;
        }

        Assert.Contains("it is not as it was exported", (await Assert.ThrowsAsync<BadInputException>(() => exported.Import("lying", copy))).Message, StringComparison.Ordinal);
        await IsEmpty(copy);
    }

    [Fact]
    public async Task A_store_that_is_not_empty_is_left_alone()
    {
        await using var exported = await ExportedShop.With(postgres, 2);
        await exported.Export("all");
        await using var other = await LegacyShop.Open(postgres);
        await other.Row("7", "A").Import();
        var rows = await ExportedShop.Rows(other);
        await Assert.ThrowsAsync<BadInputException>(() => exported.Import("all", other));
        Assert.Equal(rows, await ExportedShop.Rows(other));
    }

    [Fact]
    public async Task Nobody_serves_meanwhile()
    {
        await using var exported = await ExportedShop.With(postgres, 400);
        await exported.Export("all");
        var copy = await exported.Empty();
        await using (await Monolith.Start(postgres, copy.ConnectionString))
            await Assert.ThrowsAsync<SetupException>(() => exported.Import("all", copy));

        // A node that starts meanwhile waits, and serves all of it.
        Task<Monolith>? node = null;
        await exported.Import("all", copy, _ => node ??= Task.Run(() => Monolith.Start(postgres, copy.ConnectionString)));
        await using var service = await node!;
        Assert.Equal(200, (await service.Send("GET", $"/v1/orders/{new Invoice("399").OrderId}")).Status);
    }

    [Fact]
    public async Task One_that_was_stopped_or_killed_never_was()
    {
        await using var exported = await ExportedShop.With(postgres, 400);
        await exported.Export("all");
        var copy = await exported.Empty();
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exported.Import("all", copy, progress =>
        {
            if (progress.What == "orders") stop.Cancel();
        }, stop.Token));
        await IsEmpty(copy);

        await Kill(exported.File("all"), copy, new Invoice("300").OrderId);
        await IsEmpty(copy);
        await exported.Import("all", copy);
        Assert.Equal(await ExportedShop.Rows(exported.Shop), await ExportedShop.Rows(copy));
        Assert.Empty(await ExportedShop.Differences(copy));
    }

    [Fact]
    public async Task The_commands_say_how_it_ended()
    {
        await using var exported = await ExportedShop.With(postgres, 2);
        var (copy, file) = (await exported.Empty(), exported.File("all.gz"));
        var export = await BuiltProgram.Run(exported.Shop.ConnectionString, "export", file, "--json");
        Assert.Equal((0, 10, 10), (export.Code, Number(export, "events"), Number(export, "position")));
        Assert.Equal(2, (await BuiltProgram.Run(exported.Shop.ConnectionString, "export", file)).Code);
        Assert.Equal(2, (await BuiltProgram.Run(exported.Shop.ConnectionString, "export", file + "2", "--what", "everything")).Code);
        Assert.Equal(2, (await BuiltProgram.Run(exported.Shop.ConnectionString, "export", "/nowhere/all")).Code);
        Assert.Equal(2, (await BuiltProgram.Run(exported.Shop.ConnectionString, "export", exported.File("none"), "--order", $"{Guid.NewGuid()}")).Code);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(file)!, "none*"));

        var lines = await BuiltProgram.Run(exported.Shop.ConnectionString, "export", "-", "--what", "orders");
        Assert.Equal((0, 2), (lines.Code, lines.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line).GetProperty("id").GetGuid()).Count()));

        var import = await BuiltProgram.Run(copy.ConnectionString, "import", file, "--json");
        Assert.Equal((0, 10, 2), (import.Code, Number(import, "events"), Number(import, "orders")));
        Assert.Equal(2, (await BuiltProgram.Run(copy.ConnectionString, "import", file)).Code);
        Assert.Equal(2, (await BuiltProgram.Run(copy.ConnectionString, "import", file, "--refused", "x")).Code);
        Assert.Equal(0, (await BuiltProgram.Run(copy.ConnectionString, "verify")).Code);
    }

    static int Number(ProgramRun run, string member) => JsonElement.Parse(run.Out).GetProperty(member).GetInt32();

    /// <summary>Kills an import as it stands before a stream that somebody else is about to make.</summary>
    static async Task Kill(string file, LegacyShop copy, Guid obstacle)
    {
        await using var database = NpgsqlDataSource.Create(Postgres.AsOwner(copy.ConnectionString));
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using var block = new NpgsqlCommand($"insert into events.mt_streams (id, type, version) values ('{obstacle}', 'order', 0)", connection, transaction);
        await block.ExecuteNonQueryAsync(Cancellation);

        using var import = BuiltProgram.Start(copy.ConnectionString, "Inline", "import", file);
        await using var waits = database.CreateCommand($"select exists (select from pg_stat_activity where {connection.ProcessID} = any(pg_blocking_pids(pid)))");
        for (; await waits.ExecuteScalarAsync(Cancellation) is not true; await Task.Delay(20, Cancellation)) Assert.False(import.HasExited);
        import.Kill();
        await import.WaitForExitAsync(Cancellation);
        await transaction.RollbackAsync(Cancellation);

        // PostgreSQL notices a little later.
        await using var here = database.CreateCommand("select count(*) from pg_stat_activity where datname = current_database() and application_name = 'order-monolith' and query like 'copy %'");
        await Eventually.That(async () => await here.ExecuteScalarAsync(Cancellation) is 0L);
    }

    static async Task IsEmpty(LegacyShop copy) => Assert.Equal(["0"], (await ExportedShop.Rows(copy)).Concat(await copy.Query("select id::text from views.mt_doc_order union all select id::text from views.mt_doc_order_summary")));
}
