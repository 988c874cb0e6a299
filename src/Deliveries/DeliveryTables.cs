using Marten;
using OrderMonolith.Contracts;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;
using static Weasel.Postgresql.SchemaUtils;

namespace OrderMonolith.Deliveries;

/// <summary>How deliveries lie in the database, and what fills them.</summary>
public static class DeliveryTables
{
    /// <summary>The schema of all that goes out.</summary>
    public const string Schema = "outward";

    /// <summary>Adds them to a store.</summary>
    public static void Deliveries(this StoreOptions store)
    {
        foreach (var table in (Table[])[Place(), Targets(), Waiting(), Attempts()]) store.Storage.ExtendedSchemaObjects.Add(table);
    }

    /// <summary>Adds what brings them to their targets.</summary>
    public static void AddDeliveries(this IServiceCollection services) => services
        .AddSingleton<PublicEvents>().AddSingleton<WaitingDeliveries>()
        .AddSingleton<Published>().AddHostedService(services => services.GetRequiredService<Published>())
        .AddSingleton<Feeder>().AddHostedService(services => services.GetRequiredService<Feeder>())
        .AddHostedService<Dispatcher>()
        .AddHealthChecks().AddCheck<Feeder>("outward", timeout: TimeSpan.FromSeconds(5));

    /// <summary>The one row that says how far it has been noted to whom events have to go.</summary>
    static Table Place()
    {
        var place = Named("published");
        place.AddColumn<bool>("one").AsPrimaryKey();
        place.AddColumn<long>("position").NotNull();
        return place;
    }

    /// <summary>The targets there are, which event types each gets (none: all), and behind which event it began.</summary>
    static Table Targets()
    {
        var targets = Named("targets");
        targets.AddColumn<string>("name").AsPrimaryKey();
        targets.AddColumn("types", "text[]").NotNull();
        targets.AddColumn<long>("after").NotNull();
        targets.AddColumn<bool>("paused").NotNull();
        return targets;
    }

    /// <summary>What has not been delivered yet.</summary>
    /// <remarks>Rows come and go, so the table is kept from growing by frequent cleaning, and updates of a claim by room within its pages.</remarks>
    static Table Waiting()
    {
        var waiting = Named("deliveries");
        waiting.AddColumn<string>("target").AsPrimaryKey();
        waiting.AddColumn<Guid>("order_id").AsPrimaryKey();
        waiting.AddColumn<long>("version").AsPrimaryKey();
        waiting.AddColumn<long>("sequence").NotNull();
        waiting.AddColumn<string>("type").NotNull();
        waiting.AddColumn("due", "timestamptz").NotNull();
        waiting.AddColumn<int>("attempts").NotNull();
        waiting.AddColumn("claimed_until", "timestamptz");
        waiting.AddColumn("given_up_at", "timestamptz");
        waiting.AddColumn<string>("why");
        waiting.Indexes.Add(new("deliveries_due") { Columns = ["target", "due"] });
        waiting.Indexes.Add(new("deliveries_given_up") { Columns = ["given_up_at", "target", "order_id"], Predicate = "given_up_at is not null" });
        return waiting;
    }

    /// <summary>What was tried, where that is kept.</summary>
    static Table Attempts()
    {
        var attempts = Named("attempts");
        attempts.AddColumn<string>("target").AsPrimaryKey();
        attempts.AddColumn<Guid>("id").AsPrimaryKey();
        attempts.AddColumn<Guid>("event_id").NotNull();
        attempts.AddColumn<string>("type").NotNull();
        attempts.AddColumn<Guid>("order_id").NotNull();
        attempts.AddColumn<long>("version").NotNull();
        attempts.AddColumn<int>("number").NotNull();
        attempts.AddColumn("at", "timestamptz").NotNull();
        attempts.AddColumn<int>("took_ms").NotNull();
        attempts.AddColumn<bool>("delivered").NotNull();
        attempts.AddColumn<string>("why");
        attempts.AddColumn<int>("status");
        attempts.AddColumn<string>("request").NotNull();
        attempts.AddColumn<string>("response");
        attempts.Indexes.Add(new("attempts_event") { Columns = ["target", "event_id"] });
        attempts.Indexes.Add(new("attempts_at") { Columns = ["at"], Method = IndexMethod.brin });
        return attempts;
    }

    static Table Named(string name) => new(new PostgresqlObjectName(Schema, name, IdentifierUsage.General));
}
