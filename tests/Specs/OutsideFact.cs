using System.Runtime.CompilerServices;
using Xunit.Sdk;
using Xunit.v3;

namespace OrderMonolith.Specs;

/// <summary>A spec that needs more than PostgreSQL. It is one only where a variable of the environment says that this is there.</summary>
/// <param name="variable">The variable: <c>true</c>, or where it is.</param>
/// <param name="file">Where the spec is.</param>
/// <param name="line">In which line.</param>
[XunitTestCaseDiscoverer(typeof(Discoverer))]
[AttributeUsage(AttributeTargets.Method)]
public sealed class OutsideFactAttribute(string variable, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : FactAttribute(file, line)
{
    /// <summary>A RabbitMQ that can be started and killed.</summary>
    public const string Broker = "SPECS_BROKER";

    /// <summary>The folder in which the Standard Webhooks package for Node.js is installed.</summary>
    public const string StandardWebhooks = "SPECS_STANDARDWEBHOOKS";

    internal string Variable => variable;

    /// <summary>Whether a variable is set.</summary>
    internal static bool Has(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };

    /// <summary>Finds it, or does not.</summary>
    public sealed class Discoverer : FactDiscoverer
    {
        public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
            Has(((OutsideFactAttribute)factAttribute).Variable) ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
    }
}

/// <summary>A spec with several cases that needs more than PostgreSQL, see <see cref="OutsideFactAttribute"/>.</summary>
/// <param name="variable">The variable: <c>true</c>, or where it is.</param>
/// <param name="file">Where the spec is.</param>
/// <param name="line">In which line.</param>
[XunitTestCaseDiscoverer(typeof(Discoverer))]
[AttributeUsage(AttributeTargets.Method)]
public sealed class OutsideTheoryAttribute(string variable, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : TheoryAttribute(file, line)
{
    internal string Variable => variable;

    /// <summary>Finds them, or does not.</summary>
    public sealed class Discoverer : TheoryDiscoverer
    {
        public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
            OutsideFactAttribute.Has(((OutsideTheoryAttribute)factAttribute).Variable) ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
    }
}
