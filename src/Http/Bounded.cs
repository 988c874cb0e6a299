using System.Collections;
using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization.Metadata;

namespace OrderMonolith.Http;

/// <summary>Checks the bounds that a request's members declare, all the way down, and names those that break theirs as the caller wrote them.</summary>
public static class Bounded
{
    static readonly ConcurrentDictionary<Type, (JsonPropertyInfo Member, ValidationAttribute[] Bounds)[]> Members = new();

    /// <summary>The value, whose every member keeps its bounds.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c></exception>
    public static T Check<T>(T value)
        where T : class => Broken(value, "").ToList() is { Count: > 0 } faults ? throw Problem(faults) : value;

    /// <summary>Whether every member of a value keeps its bounds.</summary>
    public static bool Holds(object value) => !Broken(value, "").Any();

    /// <summary>The problem that some faults make.</summary>
    internal static ProblemException Problem(IEnumerable<(string Path, string Fault)> faults)
    {
        var errors = faults.GroupBy(f => f.Path, f => f.Fault).ToDictionary(g => g.Key, g => g.ToArray());
        return new("validation-failed", string.Join("; ", errors.Take(5).Select(e => $"{e.Key} {e.Value[0]}")) + (errors.Count > 5 ? "; …" : "."), errors);
    }

    /// <summary>The path of a member.</summary>
    internal static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    static IEnumerable<(string Path, string Fault)> Broken(object value, string path) => value is IEnumerable items
        ? items.Cast<object?>().SelectMany((item, i) => item is null ? [($"{path}[{i}]", "must not be null")] : Broken(item, $"{path}[{i}]"))
        : Members.GetOrAdd(value.GetType(), MembersOf).SelectMany(member => Broken(member.Member, member.Bounds, value, path));

    static IEnumerable<(string Path, string Fault)> Broken(JsonPropertyInfo member, ValidationAttribute[] bounds, object owner, string path)
    {
        var held = member.Get!(owner);
        var at = Join(path, member.Name);
        var broken = bounds.Where(bound => !bound.IsValid(held)).Select(bound => (at, bound.FormatErrorMessage(member.Name)));
        return held is null or string or ValueType ? broken : broken.Concat(Broken(held, at));
    }

    static (JsonPropertyInfo, ValidationAttribute[])[] MembersOf(Type type) =>
        [.. Json.Request.GetTypeInfo(type).Properties.Where(p => p.Get is not null).Select(p => (p, BoundsOf(p)))];

    static ValidationAttribute[] BoundsOf(JsonPropertyInfo member) =>
        member.AttributeProvider?.GetCustomAttributes(typeof(ValidationAttribute), true).Cast<ValidationAttribute>().ToArray() ?? [];
}
