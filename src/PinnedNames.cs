using System.Runtime.CompilerServices;
using JasperFx.Core;
using Marten.Events;

namespace OrderMonolith;

/// <summary>Names under which things are stored for ever, where the store would take them from classes.</summary>
public static class PinnedNames
{
    extension(IEventStoreOptions events)
    {
        /// <summary>Names an event. No class's name is kept beside it.</summary>
        /// <remarks>A node that does not know an event's name would read it as that class of its own, which is the generation before.</remarks>
        /// <typeparam name="T">The class that is written and read today.</typeparam>
        /// <param name="name">Its name for ever.</param>
        public void Event<T>(string name)
            where T : class
        {
            var mapping = ((EventGraph)events).EventMappingFor(typeof(T));
            (mapping.EventTypeName, mapping.DotNetTypeName) = (name, "");
        }

        /// <summary>Names the streams that a class is folded from.</summary>
        /// <typeparam name="T">The class as it is called today.</typeparam>
        /// <param name="name">Their type for ever.</param>
        public void Stream<T>(string name) => StreamNames((EventGraph)events)[typeof(T)] = name;
    }

    /// <summary>The store has no setting for it; should a later version keep it elsewhere, nothing starts.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_aggregateNameByType")]
    static extern ref readonly Cache<Type, string> StreamNames(EventGraph events);
}
