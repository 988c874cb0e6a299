using System.Globalization;
using Npgsql;
using OrderMonolith.Orders;

namespace OrderMonolith.OrderSummaries;

/// <summary>Asks for a page of a list, and one row more where there is a next page, in one round trip.</summary>
/// <remarks>
/// <para>A list walks the index that has a customer's or a status's orders in the order of its pages, from the page's place on. An order has one of three statuses: so the list of all
/// is the lists of the three, merged as they are read, and needs no indexes of its own.</para>
/// <para>No index has the orders that hold a product in order. Where at least one in <see cref="OneIn"/> holds it, a page of them lies close together: so the list is walked first, for up to
/// <see cref="OneIn"/> times as many orders as the page has. Where those do not fill it, the product is rare, here or everywhere, and all orders that hold it are found by its own index and sorted.</para>
/// <para>What else filters costs as many orders as it drops. That may be all: so there is a limit of time.</para>
/// </remarks>
/// <param name="table">The table of the summaries.</param>
/// <param name="column">What is sorted by.</param>
/// <param name="descending">Whether the greatest comes first.</param>
/// <param name="rows">How many rows are wanted.</param>
public sealed class ListQuestion(string table, string column, bool descending, int rows)
{
    const int OneIn = 100;

    /// <summary>For this transaction. A plan for any customer would not do for one with many orders; to compile a question takes longer than to answer it.</summary>
    static readonly string Settings = string.Create(CultureInfo.InvariantCulture,
        $"select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true), set_config('statement_timeout', '{Limit.TotalMilliseconds}', true)");

    readonly List<NpgsqlParameter> parameters = [];
    readonly List<string> conditions = [];
    string? product;
    bool isOfOneList;

    /// <summary>How long it may take.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(2);

    string Order => descending ? "desc, id desc" : "asc, id asc";

    /// <summary>Only what a condition holds for, such as <c>total_amount &gt;=</c> a value.</summary>
    public void Where(string condition, object value)
    {
        conditions.Add($"{condition} {Parameter(value)}");
        isOfOneList |= condition is OrderList.OfCustomer or OrderList.OfStatus;
    }

    /// <summary>Only orders that hold a product.</summary>
    public void Holding(string productId) => product = $"data -> 'products' ? {Parameter(productId)}";

    /// <summary>Only what comes behind a place.</summary>
    public void After(PageCursor place) => conditions.Add($"({column}, id) {(descending ? "<" : ">")} ({Parameter(place.Key)}, {Parameter(place.Id)})");

    /// <summary>As PostgreSQL gets it. The answer is the second result: the document, what is sorted by, the id.</summary>
    public NpgsqlBatch In(NpgsqlDataSource database)
    {
        var batch = database.CreateBatch();
        batch.BatchCommands.Add(new(Settings));
        var question = new NpgsqlBatchCommand(product is null ? Walk(rows) : WalkOrFind(product));
        parameters.ForEach(parameter => question.Parameters.Add(parameter));
        batch.BatchCommands.Add(question);
        return batch;
    }

    string Walk(int most) => isOfOneList ? List(conditions, most) : $"""
        select data, key, id from (
        {string.Join("\nunion all\n", Enum.GetNames<OrderStatus>().Select(status => $"({List([$"{OrderList.OfStatus} '{status}'", .. conditions], most)})"))}
        ) each order by key {Order} limit {most}
        """;

    string List(IReadOnlyCollection<string> where, int most) => $"{Select(where)} order by {column} {Order} limit {most}";

    string WalkOrFind(string holds) => $"""
        with near as materialized (
        select data, key, id from (
        {Walk(OneIn * rows)}
        ) walked where {holds} limit {rows})
        select data, key, id from (
        select data, key, id from near where (select count(*) from near) = {rows}
        union all
        (select data, key, id from ({Select([holds, .. conditions])} offset 0) holding where (select count(*) from near) < {rows} order by key {Order} limit {rows})
        ) found order by key {Order}
        """;

    string Select(IReadOnlyCollection<string> where) =>
        $"select data, {column} as key, id from {table}{(where.Count > 0 ? " where " + string.Join(" and ", where) : "")}";

    string Parameter(object value)
    {
        parameters.Add(new() { Value = value });
        return string.Create(CultureInfo.InvariantCulture, $"${parameters.Count}");
    }
}
