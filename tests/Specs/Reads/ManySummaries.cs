using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OrderMonolith.Http;
using OrderMonolith.OrderSummaries;

namespace OrderMonolith.Specs;

/// <summary>A service with many summaries: of a great customer and small ones, with common products, rare ones, and one of a season that is over.</summary>
public sealed class ManySummaries(Postgres postgres) : IAsyncLifetime
{
    public const int Orders = 50_000;
    public const int Rare = 30;
    public const int Seasonal = 6_000;

    const int SeasonBegan = 30_001;
    const string Table = "views.mt_doc_order_summary";

    static readonly string Content = $$"""
        insert into {{Table}} (id, data, mt_version, customer_id, status, currency, total_amount, created_at, last_updated)
        select gen_random_uuid(), jsonb_build_object('totalAmount', 1, 'products',
                case when n % 10 = 0 then '{"common": 1}'::jsonb else '{}' end || case when n % {{Orders / Rare}} = 1 and n < {{Orders / Rare * Rare}} then '{"rare": 1}'::jsonb else '{}' end
                || case when n between {{SeasonBegan}} and {{SeasonBegan + Seasonal - 1}} then '{"seasonal": 1}'::jsonb else '{}' end || jsonb_build_object('p' || n % 997, 1)),
            1, case when n % 4 = 1 then 'great' else 'c' || n % 1003 end, case when n % 97 = 0 then 'Pending' when n % 3 = 0 then 'Cancelled' else 'Confirmed' end,
            'USD', n * 7919 % 10007, now() - n * interval '1 minute', now() - n * 7907 % 50021 * interval '1 second'
        from generate_series(1, {{Orders}}) n;
        analyze {{Table}}
        """;

    Monolith service = null!;
    NpgsqlDataSource database = null!;

    public async ValueTask InitializeAsync()
    {
        service = await Monolith.Start(postgres);
        database = service.Services.GetRequiredService<NpgsqlDataSource>();
        await using var owner = NpgsqlDataSource.Create(service.ConnectionString);
        await using var content = owner.CreateCommand(Content);
        await content.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => service.DisposeAsync();

    /// <summary>How a page was found: the plan, with what was done in each of its nodes.</summary>
    public async Task<JsonElement> Plan(string query)
    {
        await using var batch = List(query).Question(Table).In(database);
        batch.BatchCommands[1].CommandText = "explain (analyze, format json) " + batch.BatchCommands[1].CommandText;
        await using var reader = await batch.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        await reader.NextResultAsync(TestContext.Current.CancellationToken);
        await reader.ReadAsync(TestContext.Current.CancellationToken);
        return JsonElement.Parse(reader.GetString(0))[0].GetProperty("Plan");
    }

    /// <summary>The cursor behind the first thousand orders of a list; nothing where it has no more.</summary>
    public async Task<string?> FarOn(string query)
    {
        string? cursor = null;
        for (var page = 0; page < 5; page++)
        {
            (_, cursor) = await Page(query, cursor);
            if (cursor is null) break;
        }

        return cursor;
    }

    /// <summary>How many orders a list has, none of them twice.</summary>
    public async Task<int> Count(string query)
    {
        var (orders, cursor) = await Page(query, null);
        while (cursor is not null)
        {
            (var more, cursor) = await Page(query, cursor);
            orders += more;
        }

        return orders;
    }

    async Task<(int Orders, string? Next)> Page(string query, string? cursor)
    {
        var page = JsonElement.Parse((await List($"{query}&limit=200{(cursor is null ? "" : "&cursor=" + cursor)}").Page(database, Table, TestContext.Current.CancellationToken)).Span);
        return (page.GetProperty("items").GetArrayLength(), page.GetProperty("next").GetString());
    }

    static OrderList List(string query) => new(QueryParameters.Of(new DefaultHttpContext { Request = { QueryString = new(query.TrimEnd('&')) } }, OrderList.Parameters), owner: null);
}
