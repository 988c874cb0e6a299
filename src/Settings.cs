using System.Reflection;

namespace OrderMonolith;

/// <summary>The database, and the brokers. Empty they are refused: that is a variable that somebody forgot to set.</summary>
/// <param name="Orders">PostgreSQL 15 or later. Absent: the embedded cluster.</param>
/// <param name="RabbitMq">RabbitMQ 3.10 or later, as <c>amqp://</c> or <c>amqps://</c>. Absent: no events go there and no commands come from there.</param>
/// <param name="Kafka">Kafka's bootstrap servers. Absent: no events go there.</param>
public sealed record ConnectionStringsSettings(string? Orders = null, string? RabbitMq = null, string? Kafka = null);

/// <summary>Where the embedded cluster lives.</summary>
/// <param name="DataFolder">The folder; it outlives the process. Absent: one is chosen.</param>
public sealed record StorageSettings(string? DataFolder = null);

/// <summary>When the order summaries change: in the append's transaction, or behind it.</summary>
public enum SummariesLifecycle
{
    /// <summary>With the order, in one transaction.</summary>
    Inline,

    /// <summary>Soon after it.</summary>
    Async,
}

/// <summary>How the order summaries are kept.</summary>
/// <param name="Lifecycle">When they change.</param>
public sealed record OrderSummariesSettings(SummariesLifecycle Lifecycle = SummariesLifecycle.Inline);

/// <summary>What becomes of orders that nobody touches.</summary>
/// <param name="AbandonAfter">For how long a pending order may be left alone before it is cancelled; from a minute to a year. Absent: for ever.</param>
public sealed record OrdersSettings(TimeSpan? AbandonAfter = null)
{
    static readonly TimeSpan Least = TimeSpan.FromMinutes(1);
    static readonly TimeSpan Most = TimeSpan.FromDays(365);

    /// <summary>How long it is, if it is set.</summary>
    /// <exception cref="SetupException">It is less than a minute, or more than a year.</exception>
    internal TimeSpan? Patience => AbandonAfter is not { } given || (given >= Least && given <= Most) ? AbandonAfter
        : throw new SetupException($"Orders:AbandonAfter is {given}, but can only be from a minute (00:01:00) to a year (365.00:00:00); leave it out to cancel no order.");
}

/// <summary>How long a command's key is remembered.</summary>
/// <param name="Retention">From the command on; a day at least.</param>
public sealed record IdempotencySettings(TimeSpan? Retention = null)
{
    /// <summary>The least that callers may rely on.</summary>
    internal static readonly TimeSpan Least = TimeSpan.FromDays(1);

    /// <summary>How long it is.</summary>
    /// <exception cref="SetupException">It is less than a day.</exception>
    internal TimeSpan Kept => Retention is not { } kept ? Least
        : kept >= Least ? kept
        : throw new SetupException($"Idempotency:Retention is {kept}, but callers rely on a day at least (1.00:00:00).");
}

/// <summary>Who may call.</summary>
/// <param name="Schemes">The framework's own settings of its schemes; <c>Bearer</c> is the one in use. Any at all, and callers need tokens.</param>
/// <param name="Anonymous">Says aloud that anybody who can reach the service may do anything.</param>
public sealed record AuthenticationSettings(IConfigurationSection? Schemes = null, bool Anonymous = false)
{
    /// <summary>Whether callers need tokens.</summary>
    internal bool WantsTokens => Schemes?.GetChildren().Any() is true;
}

/// <summary>Which web pages may call from a browser.</summary>
/// <param name="Origins">Their origins, such as <c>https://shop.example</c>; <c>*</c> for all. Absent: none.</param>
public sealed record CorsSettings(string[]? Origins = null);

/// <summary>Reads our sections of the settings; a key or value that means nothing is refused by name instead of being ignored.</summary>
public static class Settings
{
    /// <summary>A section as the record named after it.</summary>
    /// <exception cref="SetupException">A key is unknown or a value cannot be read.</exception>
    public static T Read<T>(this IConfiguration configuration)
        where T : class
    {
        var section = configuration.GetSection(typeof(T).Name[..^nameof(Settings).Length]);
        if (section.Value is { Length: > 0 }) throw new SetupException($"{section.Path} is a section of settings and takes no value of its own.");

        var members = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (var key in section.GetChildren()) Known(key, members);
        try
        {
            return section.Get<T>(binder => binder.ErrorOnUnknownConfiguration = true) ?? (T)Activator.CreateInstance(typeof(T), Defaults(typeof(T)))!;
        }
        catch (InvalidOperationException e)
        {
            throw new SetupException(e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}");
        }
    }

    static void Known(IConfigurationSection key, PropertyInfo[] members)
    {
        var member = members.FirstOrDefault(m => m.Name.Equals(key.Key, StringComparison.OrdinalIgnoreCase))
            ?? throw new SetupException($"{key.Path} is not a setting. There {(members.Length == 1 ? "is" : "are")}: {string.Join(", ", members.Select(m => m.Name))}.");
        var section = member.PropertyType.IsArray || member.PropertyType == typeof(IConfigurationSection);
        if (section ? key.Value is { Length: > 0 } : key.GetChildren().Any())
            throw new SetupException($"{key.Path} takes {(section ? "settings below it, not a value" : "a value, not settings below it")}.");
        if (member.PropertyType.IsEnum && !Enum.GetNames(member.PropertyType).Contains(key.Value, StringComparer.OrdinalIgnoreCase))
            throw new SetupException($"{key.Path} is '{key.Value}', but can only be {string.Join(" or ", Enum.GetNames(member.PropertyType))}.");
    }

    static object?[] Defaults(Type record) => [.. record.GetConstructors()[0].GetParameters().Select(p => p.DefaultValue)];
}
