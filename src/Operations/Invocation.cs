namespace OrderMonolith.Operations;

/// <summary>What the command line asks for: to serve, or a command. Settings may stand in it anywhere.</summary>
/// <param name="Words">The command in lower case and its own arguments; empty to serve.</param>
/// <param name="Settings">The arguments that are settings: these alone are for the configuration, which would take a command's own options for settings too.</param>
public sealed record Invocation(string[] Words, string[] Settings)
{
    /// <summary>Settings that belong to no section and take the next argument for their value.</summary>
    static readonly string[] HostSettings = ["--urls", "--http_ports", "--https_ports", "--environment", "--contentroot", "--applicationname"];

    static readonly string[] Help = ["--help", "-h", "-?", "/?"];
    static readonly string[] WithoutDatabase = ["help", "?", Version, "codegen", "openapi", "describe", "capabilities", "wolverine-diagnostics", "db-dump"];

    /// <summary>Asks which version this is.</summary>
    public const string Version = "--version";

    /// <summary>The command; nothing to serve.</summary>
    public string? Verb => Words is [var verb, ..] ? verb : null;

    /// <summary>Whether the service is to be started.</summary>
    public bool Serves => Verb is null or "run";

    /// <summary>Whether it can be done without a database.</summary>
    public bool NeedsDatabase => !WithoutDatabase.Contains(Verb);

    /// <summary>Whether it empties or drops tables, or works on whole views, so that nobody may serve meanwhile. Where that is in doubt, it does.</summary>
    /// <remarks>An action may be given by its number, and an option's value may look like one.</remarks>
    public bool WantsAlone => Verb switch
    {
        "projections" => IsInPlace,
        "marten" => true,
        "resources" => Words.Skip(1).Any(word => word is "clear" or "teardown" || int.TryParse(word, out _)),
        "storage" => Words.Skip(1).Any(word => word is "clear" or "rebuild" || int.TryParse(word, out _)),
        _ => false,
    };

    /// <summary>Whether views are to be emptied and filled by the framework's daemon, instead of being built anew beside those that are read.</summary>
    public bool IsInPlace => Verb is "projections" && Words.Contains(InPlace);

    /// <summary>Says so.</summary>
    public const string InPlace = "--in-place";

    /// <summary>The projection that <c>projections</c> is asked to work on, if one is named.</summary>
    public string? NamedProjection => Verb is "projections" && Array.FindIndex(Words, word => word is "-p" or "--projection") is > 0 and var at && at + 1 < Words.Length ? Words[at + 1] : null;

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="BadInputException">What stands before the command is neither a setting nor a question for help.</exception>
    public static Invocation Of(string[] args)
    {
        var at = 0;
        while (at < args.Length && args[at].StartsWith('-') && args[at] is not Version && !Help.Contains(args[at]))
            at += LengthOfSetting(args[at]) is > 0 and var length ? length
                : throw new BadInputException($"'{args[at]}' is neither a setting, such as --Section:Key=value, nor a command. 'help' lists the commands.");

        var (words, settings) = Apart(args[Math.Min(at, args.Length)..]);
        settings = [.. args[..Math.Min(at, args.Length)], .. settings];
        return words switch
        {
            [] => new([], settings),
            [var first, ..] when Help.Contains(first) => new(["help"], settings),
            [var verb, .. var others] when others.Contains("--help") => new(["help", verb.ToLowerInvariant()], settings),
            ["help" or "?", var verb, ..] => new(["help", verb.ToLowerInvariant()], settings),
            [var verb, .. var others] => new([verb.ToLowerInvariant(), .. others], settings),
        };
    }

    /// <summary>How many arguments a setting takes up before the command, where <c>--key=value</c> can be nothing else; 0 for what is none.</summary>
    static int LengthOfSetting(string arg) =>
        arg.StartsWith("--", StringComparison.Ordinal) && arg.Contains('=', StringComparison.Ordinal) ? 1
        : IsSetting(arg) ? 2
        : 0;

    /// <summary>Behind the command, what is no setting is an option of its.</summary>
    static (string[] Words, string[] Settings) Apart(string[] args)
    {
        var (words, settings) = (new List<string>(), new List<string>());
        for (var i = 0; i < args.Length; i++)
        {
            if (!IsSetting(args[i].Split('=', 2)[0]))
            {
                words.Add(args[i]);
                continue;
            }

            settings.Add(args[i]);
            if (!args[i].Contains('=', StringComparison.Ordinal) && ++i < args.Length) settings.Add(args[i]);
        }

        return ([.. words], [.. settings]);
    }

    static bool IsSetting(string name) =>
        name.StartsWith("--", StringComparison.Ordinal) && (name.Contains(':', StringComparison.Ordinal) || HostSettings.Contains(name, StringComparer.OrdinalIgnoreCase));
}
