using System.Runtime.CompilerServices;
using Xunit.Sdk;
using Xunit.v3;

namespace OrderMonolith.Specs;

/// <summary>A spec that needs RabbitMQ. It is one only where <c>SPECS_BROKER</c> is <c>true</c>: elsewhere nothing but PostgreSQL has to be there.</summary>
[XunitTestCaseDiscoverer(typeof(Discoverer))]
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrokerFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : FactAttribute(file, line)
{
    internal static bool Wanted { get; } = Environment.GetEnvironmentVariable("SPECS_BROKER") is "true";

    /// <summary>Finds it, or does not.</summary>
    public sealed class Discoverer : FactDiscoverer
    {
        public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
            Wanted ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
    }
}

/// <summary>A spec with several cases that needs RabbitMQ, see <see cref="BrokerFactAttribute"/>.</summary>
[XunitTestCaseDiscoverer(typeof(Discoverer))]
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrokerTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : TheoryAttribute(file, line)
{
    /// <summary>Finds them, or does not.</summary>
    public sealed class Discoverer : TheoryDiscoverer
    {
        public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
            BrokerFactAttribute.Wanted ? base.Discover(discoveryOptions, testMethod, factAttribute) : new([]);
    }
}
