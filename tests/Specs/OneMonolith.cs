namespace OrderMonolith.Specs;

/// <summary>One running service for all specs of a class.</summary>
public sealed class OneMonolith(Postgres postgres) : IAsyncLifetime
{
    public Monolith Service { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Service = await Monolith.Start(postgres);

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}
