using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OrderMonolith.Http;
using OrderMonolith.OrderSummaries;

namespace OrderMonolith.Specs;

/// <summary>The lists that are asked for all day stay fast when there are many orders.</summary>
public sealed class OrderListPlans(OneMonolith one) : IClassFixture<OneMonolith>
{
    const string ManyOrders = """
        insert into views.mt_doc_order_summary (id, data, mt_version, customer_id, status, currency, total_amount, created_at, last_updated)
        select gen_random_uuid(), jsonb_build_object('products', jsonb_build_object('p' || n % 5000, 1)), 1, 'c' || n % 1000,
            case when n % 100 = 0 then 'Pending' else 'Confirmed' end, 'USD', n % 777, now() - n * interval '1 minute', now()
        from generate_series(1, 50000) n
        """;

    [Fact]
    public async Task Everyday_lists_find_their_rows_by_an_index()
    {
        var source = one.Service.Services.GetRequiredService<NpgsqlDataSource>();
        await using var owner = NpgsqlDataSource.Create(one.Service.ConnectionString);
        await using var database = await owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await Rows(database, ManyOrders);
        await Rows(database, "analyze views.mt_doc_order_summary");

        foreach (var (query, index) in new[]
        {
            ("", "created_at_id"), ("?sort=createdAt", "created_at_id"), ("?customerId=c7", "customer_id_created_at_id"),
            ("?status=Pending", "status_created_at_id"), ("?productId=p7", "products"),
        })
        {
            var http = new DefaultHttpContext { Request = { QueryString = new(query) } };
            await using var command = new OrderList(QueryParameters.Of(http, OrderList.Parameters), owner: null).Command(source, "views.mt_doc_order_summary");

            // Prepared statements are planned for the values at hand at first, and after five times for any, if that looks as cheap.
            await Rows(database, $"prepare page as {command.CommandText}");
            for (var time = 1; time <= 7; time++)
            {
                var plan = await Rows(database, $"explain execute page({string.Join(", ", command.Parameters.Select(p => Literal(p.Value!)))})");
                Assert.True(plan.Contains($" mt_doc_order_summary_idx_{index} ", StringComparison.Ordinal) && !plan.Contains("Seq Scan", StringComparison.Ordinal), $"{query}, {time}: {plan}");
            }

            await Rows(database, "deallocate page");
        }
    }

    static string Literal(object value) => string.Create(CultureInfo.InvariantCulture, $"'{value}'");

    static async Task<string> Rows(NpgsqlConnection database, string sql)
    {
        await using var command = new NpgsqlCommand(sql, database);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken)) rows.Add(reader.GetString(0));
        return string.Join(" \n", rows) + " ";
    }
}
