namespace OrderMonolith;

/// <summary>The system's time in whole microseconds: what PostgreSQL keeps, so that a time read back equals the time written.</summary>
public sealed class MicrosecondClock(TimeProvider inner) : TimeProvider
{
    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow()
    {
        var now = inner.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
