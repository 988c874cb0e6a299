using Npgsql;
using OrderMonolith.Insights;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>Figures as a shop asks for them while it sells: with its own writes in them, on time or not at all, and not for everybody.</summary>
public sealed class InsightsSpecs(OneMonolith one, AccessSpecs.Guarded guarded, Postgres postgres) : IClassFixture<OneMonolith>, IClassFixture<AccessSpecs.Guarded>
{
    readonly Monolith monolith = one.Service;

    [Fact]
    public async Task A_sale_counts_from_its_confirmation_until_it_is_cancelled()
    {
        var order = await monolith.Send("POST", "/v1/orders", new { customerId = "ada", currency = "CHF", items = new[] { new { productId = "tea", quantity = 2, unitPrice = 9.50m } } });
        Assert.Equal("1 0 0 0", await Swiss(order));
        Assert.Equal("1 1 0 19", await Swiss(await monolith.Send("POST", order.Header("Location") + "/confirm")));
        Assert.Equal("1 0 1 0", await Swiss(await monolith.Send("POST", order.Header("Location") + "/cancel", new { reason = "ordered twice" })));

        async Task<string> Swiss(Answer command)
        {
            var answer = await monolith.Send("GET", "/v1/insights/sales", null, ("Consistency-Token", command.Header("Consistency-Token")!), ("Prefer", "wait=30"));
            var item = answer.Content.GetProperty("items").EnumerateArray().Single(i => i.GetProperty("currency").GetString() == "CHF");
            return $"{item.GetProperty("orders")} {item.GetProperty("confirmed")} {item.GetProperty("cancelled")} {item.GetProperty("revenue")}";
        }
    }

    [Theory]
    [InlineData("sales?from=2026-02-01&to=2026-02-01", "from")]
    [InlineData("sales?from=2026-02-01T00:00:00Z", "from")]
    [InlineData("sales?to=2026-02-30", "to")]
    [InlineData("sales?from=2020-01-01&to=2026-01-01", "from")]
    [InlineData("sales?from=0001-01-01&to=9999-12-31&bucket=month", "from")]
    [InlineData("sales?bucket=year", "bucket")]
    [InlineData("products?sort=price", "sort")]
    [InlineData("products?limit=1001", "limit")]
    [InlineData("products?currency=gbp", "currency")]
    [InlineData("products/%20tea/bought-together", "productId")]
    [InlineData("customers/%20ada", "customerId")]
    [InlineData("cancellations?limit=0", "limit")]
    public async Task What_cannot_be_asked_is_refused_by_name(string question, string name)
    {
        var answer = await monolith.Send("GET", "/v1/insights/" + question);
        Assert.Equal((400, "validation-failed"), (answer.Status, answer.Code));
        Assert.Equal(name, Assert.Single(answer.Content.GetProperty("errors").EnumerateObject()).Name);
    }

    [Fact]
    public async Task They_are_the_shops_but_for_a_customers_own()
    {
        var (shop, customer) = (Tokens.For("ann", "insights:read"), Tokens.For("c1", "insights:read orders:read", ("customer_id", "c1")));
        foreach (var path in new[] { "sales", "products", "products/tea/bought-together", "customers/c1", "cancellations" })
        {
            Assert.Equal(401, (await guarded.Service.Send("GET", "/v1/insights/" + path)).Status);
            Assert.Equal("forbidden", (await guarded.Service.Send("GET", "/v1/insights/" + path, null, Tokens.For("ann", "orders:read"))).Code);
            Assert.Equal(200, (await guarded.Service.Send("GET", "/v1/insights/" + path, null, shop)).Status);
            Assert.Equal(path is "customers/c1" ? 200 : 403, (await guarded.Service.Send("GET", "/v1/insights/" + path, null, customer)).Status);
        }

        Assert.Equal("forbidden", (await guarded.Service.Send("GET", "/v1/insights/customers/c2", null, customer)).Code);
    }

    [Fact]
    public async Task A_view_that_stopped_says_so_and_nothing_else_suffers()
    {
        var database = await postgres.CreateDatabaseAsync("late");
        await using var node = await Monolith.Start(postgres, database);
        await Execute(database, "alter table views.mt_doc_sale add constraint stuck check (false) not valid");
        var order = await node.Send("POST", "/v1/orders", new { customerId = "ada" });
        var token = ("Consistency-Token", order.Header("Consistency-Token")!);

        var waited = await node.Send("GET", "/v1/insights/sales", null, token, ("Prefer", "wait=1"));
        Assert.Equal((503, "projection-behind", "1"), (waited.Status, waited.Code, waited.Header("Retry-After")));
        await Eventually.That(async () => (await node.Send("GET", "/v1/insights/sales")).Status is not 200);
        Assert.Contains("sales", (await node.Send("GET", "/health/ready")).Content.GetProperty("checks").GetProperty("views").GetProperty("description").GetString(), StringComparison.Ordinal);

        foreach (var path in new[] { "/v1/orders", order.Header("Location")!, order.Header("Location") + "/summary" })
            Assert.Equal((path, 200), (path, (await node.Send("GET", path, null, token, ("Prefer", "wait=0"))).Status));
        Assert.Equal(201, (await node.Send("POST", "/v1/orders", new { customerId = "ada" })).Status);
    }

    [Fact]
    public async Task Questions_that_take_too_long_are_ended_hold_up_nobody_else_and_leave_nothing_behind()
    {
        await using var owner = NpgsqlDataSource.Create(monolith.ConnectionString);
        await using var connection = await owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using (var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using var command = new NpgsqlCommand("lock table views.mt_doc_sale", connection, transaction);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            var asked = await Task.WhenAll(Enumerable.Range(0, QuestionsAtOnce<Sale>.Most + 1).Select(_ => monolith.Send("GET", "/v1/insights/customers/ada")));
            foreach (var slow in asked.Where(answer => answer.Code is not "server-busy")) Assert.Equal((503, "query-too-slow", "5"), (slow.Status, slow.Code, slow.Header("Retry-After")));
            Assert.Equal((503, "1"), asked.Single(answer => answer.Code is "server-busy") is var busy ? (busy.Status, busy.Header("Retry-After")) : default);
            Assert.Equal(201, (await monolith.Send("POST", "/v1/orders", new { customerId = "ada" })).Status);
        }

        Assert.Equal(200, (await monolith.Send("GET", "/v1/insights/customers/ada")).Status);
    }

    static async Task Execute(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(Postgres.AsOwner(database));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
