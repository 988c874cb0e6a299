namespace OrderMonolith;

/// <summary>How far a piece of work is.</summary>
/// <param name="What">What is counted; each kind of work has its own.</param>
/// <param name="Done">How much is done, measured as <paramref name="Of"/> is.</param>
/// <param name="Of">How much there is in all; 0 where nobody knows.</param>
/// <param name="Count">How many are done.</param>
public readonly record struct Progress(string What, double Done, double Of, long Count);
