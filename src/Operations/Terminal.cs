using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrderMonolith.Operations;

/// <summary>What the people at a terminal, and the programs behind a pipe, get to see: results on standard output, progress on standard error.</summary>
public static class Terminal
{
    static readonly JsonSerializerOptions Indented = new(Json.Stored) { WriteIndented = true };

    /// <summary>Does some work and shows how far it is, with rate and time to go; silently where nobody watches.</summary>
    public static Task<T> Watch<T>(Func<IProgress<Progress>, Task<T>> work)
    {
        if (!AnsiConsole.Profile.Capabilities.Interactive || Console.IsErrorRedirected) return work(new Bars(null));
        return AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RateColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new Bars(context)));
    }

    /// <summary>Says how it ended: as one JSON document, or in sentences.</summary>
    public static void Tell<T>(T summary, bool json, IEnumerable<string> sentences)
    {
        if (json) Say(JsonSerializer.Serialize(summary, Indented));
        else foreach (var sentence in sentences) Say(sentence);
    }

    /// <summary>Writes a line to standard output; where both outputs are one terminal, above what moves there.</summary>
    public static void Say(string line)
    {
        if (Console.IsOutputRedirected || Console.IsErrorRedirected) Console.Out.WriteLine(line);
        else AnsiConsole.WriteLine(line);
    }

    /// <summary>Reads a time that an option gives, if it is given.</summary>
    /// <exception cref="BadInputException">It is none.</exception>
    public static DateTimeOffset? Time(string option, string? given) =>
        given is null ? null
        : WrittenTime.TryParse(given, out var time) ? time
        : throw new BadInputException($"{option} must be a date, or a time with an offset or Z, such as 2026-01-31T10:00:00Z.");

    /// <summary>Writes a line to standard error.</summary>
    public static void Complain(string line)
    {
        // Where nobody watches, lines are not folded at some width.
        if (Console.IsErrorRedirected) Console.Error.WriteLine(line);
        else AnsiConsole.Console.Write(new Text(line + Environment.NewLine));
    }

    sealed class Bars(ProgressContext? context) : IProgress<Progress>
    {
        readonly ConcurrentDictionary<string, ProgressTask> tasks = new();

        public void Report(Progress value)
        {
            if (context is null) return;
            var task = tasks.GetOrAdd(value.What, what => context.AddTask(what, maxValue: Math.Max(value.Of, 1)));
            task.IsIndeterminate = value.Of == 0;
            task.State.Update<long>(RateColumn.Count, _ => value.Count);
            task.Value = value.Done;
        }
    }

    sealed class RateColumn : ProgressColumn
    {
        public const string Count = "count";

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            var (count, seconds) = (task.State.Get<long>(Count), task.ElapsedTime?.TotalSeconds ?? 0);
            return new Text(string.Create(CultureInfo.InvariantCulture, $"{count:N0} ({(seconds > 0 ? count / seconds : 0):N0}/s)"));
        }
    }
}
