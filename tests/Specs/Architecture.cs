using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace OrderMonolith.Specs;

/// <summary>The modules and who may see whom, checked over the sources. A module is a folder of src; the files beside them compose all.</summary>
public sealed partial class Architecture
{
    static readonly Dictionary<string, string[]> MaySee = new()
    {
        ["Orders"] = [],                                                          // the rules see nobody
        ["Storage"] = [],                                                          // where the database comes from, and when it is away
        ["Http"] = ["Orders", "Storage"],                                           // what holds for every request
        ["History"] = ["Orders", "Http", "Storage"],                                  // orders as they were, and why
        ["Commands"] = ["Orders", "Storage", "Http", "History"],                    // runs the rules for whoever asks
        ["Views"] = ["Orders", "Storage", "History", "Http"],                       // what holds for every view, and when it can be relied on
        ["Proofs"] = ["Orders", "Storage", "History", "Views"],                     // that a view is right, and how it is made good
        ["Rebuilding"] = ["Orders", "Storage", "History", "Http", "Views", "Proofs"], // views made anew beside those that are read
        ["OrderSummaries"] = ["Orders", "Storage", "Http", "Views"],                // tells what came of it
        ["WorkList"] = ["Orders", "Http", "Views"],                                 // what the shop has to do
        ["Insights"] = ["Orders", "Http", "Views"],                                 // figures over all orders
        ["Contracts"] = ["Orders", "Storage", "History", "Http"],                   // what the world outside gets to know, as versioned records
        ["Deliveries"] = ["Orders", "Storage", "History", "Views", "Contracts", "Http"], // brings it there: each event at least once, those of an order in order
        ["Feed"] = ["Orders", "Storage", "History", "Views", "Contracts", "Deliveries", "Http"], // lets it be fetched
        ["Webhooks"] = ["Orders", "Storage", "Views", "Http", "Contracts", "Deliveries"], // endpoints of partners
        ["Bus"] = ["Orders", "Storage", "Http", "Commands", "Contracts", "Deliveries"],   // the broker: events out, commands in
        ["Processes"] = ["Orders", "Storage", "Commands", "Views"],                 // what follows from events by itself
        ["DeadLetters"] = ["Orders", "Storage", "Http", "Views", "Deliveries", "Contracts", "Operations"], // what needs somebody to look
        ["Operations"] = ["Orders", "Storage", "Commands", "History", "OrderSummaries", "Views", "Proofs", "Rebuilding"], // for operators
        ["Export"] = ["Orders", "Storage", "Operations", "Views"],                // what is stored, as a file
        ["Import"] = ["Orders", "Storage", "Commands", "Operations", "Http", "Export", "History", "Views", "Proofs"], // the legacy shop's orders, and what was exported
        ["Api"] = ["Orders", "Commands", "OrderSummaries", "WorkList", "Insights", "History", "Views", "Rebuilding", "Contracts", "Feed", "Webhooks", "DeadLetters", "Operations", "Http"], // describes what all the others serve
    };

    static readonly string[] NoName = ["Shared", "Core", "Common", "Infrastructure", "Application", "Domain", "BuildingBlocks", "Helper", "Util", "Manager", "Dto", "Service"];

    static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "../../.."));

    [Fact]
    public void Modules_see_only_whom_they_may() => Assert.Empty(
        from line in Code()
        where line.Module is not ""
        from Match name in Module().Matches(line.Text)
        let seen = name.Groups["module"].Value
        where seen != line.Module && MaySee.ContainsKey(seen) && !MaySee.GetValueOrDefault(line.Module, []).Contains(seen)
        select $"{line.Where} {line.Module} -> {seen}");

    [Fact]
    public void Every_module_is_in_the_table() =>
        Assert.Empty(Code().Select(line => line.Module).Distinct().Except(["", "Properties", .. MaySee.Keys]));

    [Fact]
    public void The_rules_know_no_framework_no_clock_and_no_chance() => Assert.Empty(
        from line in Code()
        where line.Module is "Orders" && Impure().IsMatch(line.Text)
        select $"{line.Where} {line.Text.Trim()}");

    [Fact]
    public void A_namespace_is_its_folder() => Assert.Empty(
        from line in Code()
        let space = Namespace().Match(line.Text)
        where space.Success && space.Groups["name"].Value != (line.Module is "" ? "OrderMonolith" : $"OrderMonolith.{line.Module}")
        select $"{line.Where} {line.Text}");

    [Fact]
    public void Tables_of_views_are_named_by_the_store_alone() => Assert.Empty(
        from line in Code()
        where line.Text.Contains("mt_doc_order", StringComparison.Ordinal) || line.Text.Contains(":All", StringComparison.Ordinal)
        select $"{line.Where} {line.Text.Trim()}");

    [Fact]
    public void Folders_are_flat() => Assert.DoesNotContain(
        Sources(), file => Path.GetRelativePath(Path.Combine(Root(), "src"), file).Count(c => c == Path.DirectorySeparatorChar) > 1);

    [Fact]
    public void Names_say_what_a_thing_is() => Assert.Empty(
        from file in Sources()
        from part in Path.GetRelativePath(Path.Combine(Root(), "src"), file).Split(Path.DirectorySeparatorChar)
        let name = Path.GetFileNameWithoutExtension(part)
        where NoName.Any(no => name == no || name.EndsWith(no, StringComparison.Ordinal) || name.EndsWith(no + "s", StringComparison.Ordinal))
        select file);

    static IEnumerable<string> Sources() => Directory.EnumerateFiles(Path.Combine(Root(), "src"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "Internal"));

    static IEnumerable<(string Where, string Module, string Text)> Code() =>
        from file in Sources()
        let path = Path.GetRelativePath(Path.Combine(Root(), "src"), file)
        let module = Path.GetDirectoryName(path)!
        from line in File.ReadLines(file).Index()
        let text = line.Item.Split("//")[0]
        where text.Length > 0
        select ($"src/{path}:{line.Index + 1}", module, text);

    /// <summary>With the project's name before it, or without, as C# allows between siblings.</summary>
    [GeneratedRegex(@"(?<![.\w""])(OrderMonolith\.(?<module>\w+)|(?<module>[A-Z]\w+)\.[A-Z])")]
    private static partial Regex Module();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)")]
    private static partial Regex Namespace();

    [GeneratedRegex(@"Marten|Wolverine|JasperFx|Npgsql|AspNetCore|(?<![\w.])Json\.|UtcNow|DateTimeOffset\.Now|TimeProvider|NewGuid|CreateVersion7|Random|await|Task")]
    private static partial Regex Impure();
}
