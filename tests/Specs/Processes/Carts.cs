using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OrderMonolith.Commands;
using OrderMonolith.Orders;
using static OrderMonolith.Specs.Specification;

namespace OrderMonolith.Specs;

/// <summary>Orders that somebody began a while ago, and the messages that ask for them.</summary>
public static class Carts
{
    /// <summary>The setting of a service that cancels what nobody touched for an hour.</summary>
    public static readonly (string, string) AfterAnHour = ("Orders:AbandonAfter", "01:00:00");

    /// <summary>An order whose latest event was some minutes ago.</summary>
    public static async Task<Guid> Begun(this Monolith monolith, int minutesAgo, params OrderEvent[] more)
    {
        var at = new DateTimeOffset(DateTime.UtcNow.Date, TimeSpan.Zero) + TimeSpan.FromSeconds(Math.Floor(DateTime.UtcNow.TimeOfDay.TotalSeconds)) - TimeSpan.FromMinutes(minutesAgo);
        var order = new PastOrder(Guid.CreateVersion7(), "cart", [new(Created, at), new(Added("tea", 1, 9.5m), at), .. more.Select(fact => new PastFact(fact, at))]);
        await new PastOrders(monolith.Services.GetRequiredService<IDocumentStore>(), "import", "").Store([order]);
        return order.Id;
    }

    /// <summary>Where an order is in its life, and how many events led there.</summary>
    public static async Task<(string Status, long Version)> Of(this Monolith monolith, Guid order)
    {
        var content = (await monolith.Send("GET", $"/v1/orders/{order}")).Content;
        return (content.GetProperty("status").GetString()!, content.GetProperty("version").GetInt64());
    }

    /// <summary>How many messages wait to ask for orders.</summary>
    public static Task<long> Waiting(this Monolith monolith) =>
        monolith.Query<long>("select count(*) from wolverine.wolverine_incoming_envelopes where message_type = 'abandon_order' and status <> 'Handled'");

    /// <summary>When the last of them is due; the beginning of time while none waits for its time.</summary>
    public static async Task<DateTimeOffset> Due(this Monolith monolith) =>
        await monolith.Query<DateTime>("select coalesce(max(execution_time), 'epoch') from wolverine.wolverine_incoming_envelopes where message_type = 'abandon_order' and status = 'Scheduled'");

    /// <summary>Makes all of them due now.</summary>
    public static Task MakeDue(this Monolith monolith) => Execute(monolith.ConnectionString, "update wolverine.wolverine_incoming_envelopes set execution_time = now() where status = 'Scheduled'");

    /// <summary>Does something to the database as its owner.</summary>
    public static async Task Execute(string database, string sql)
    {
        await using var owner = NpgsqlDataSource.Create(Postgres.AsOwner(database));
        await using var command = owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
