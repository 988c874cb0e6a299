using System.Runtime.CompilerServices;

namespace OrderMonolith.Specs;

/// <summary>The specs run as on a machine where nobody has settings or secrets of their own: those that <c>dotnet user-jwts</c> makes ask for tokens.</summary>
static class BareMachine
{
    [ModuleInitializer]
    internal static void Enter()
    {
        // Where secrets are looked for first, on every platform.
        Environment.SetEnvironmentVariable("APPDATA", AppContext.BaseDirectory);
        Directory.SetCurrentDirectory(AppContext.BaseDirectory);
    }
}
