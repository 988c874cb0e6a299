using JasperFx.Events;

namespace OrderMonolith.Operations;

/// <summary>What a view should hold for some streams: all that it has seen, and what a document holds already.</summary>
/// <param name="view">The view.</param>
/// <param name="position">Sequence of the last event that it has seen.</param>
/// <param name="versions">How many events of a stream its documents hold; a view that was kept otherwise before may hold later ones.</param>
public sealed class ViewFold(StoredView view, long position, Dictionary<Guid, long> versions)
{
    /// <summary>The view.</summary>
    public StoredView View => view;

    /// <summary>The documents, by stream.</summary>
    public Dictionary<Guid, object?> Documents { get; } = [];

    /// <summary>Why the events of a stream make no document.</summary>
    public Dictionary<Guid, string> Faults { get; } = [];

    /// <summary>How many events of each stream are in its document.</summary>
    public Dictionary<Guid, long> Versions { get; } = [];

    /// <summary>Folds one event, if the view has seen it.</summary>
    public void Take(IEvent e)
    {
        if (e.Sequence > position && e.Version > versions.GetValueOrDefault(e.StreamId)) return;
        try
        {
            Documents[e.StreamId] = view.After(Documents.GetValueOrDefault(e.StreamId), e);
            Versions[e.StreamId] = e.Version;
        }
        catch (Exception refusal)
        {
            Faults.TryAdd(e.StreamId, $"event {e.Version} cannot be folded: {refusal.Message}");
        }
    }
}
