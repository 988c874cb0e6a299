using System.Globalization;
using Npgsql;
using OrderMonolith.Http;
using OrderMonolith.Orders;

namespace OrderMonolith.OrderSummaries;

/// <summary>Asks for a page of a list, and one row more where there is a next page, in one round trip.</summary>
/// <remarks>
/// <para>A list walks the index that has a customer's or a status's orders in the order of its pages, from the page's place on. An order has one of three statuses: so the list of all
/// is the lists of the three, merged as they are read, and needs no indexes of its own.</para>
/// <para>No index has the orders that hold a product in order. Where many do, a page of them lies close together: so the list is walked first, for <see cref="Near"/> orders to each wanted.
/// Where that is not enough, the orders that hold the product are found by its own index and, if they are a <see cref="Few"/>, sorted. If they are not, they are only rare here, among the least
/// amounts perhaps: then the list is walked on, for <see cref="Far"/> orders to each wanted, and only where that is not enough either all of them are sorted.</para>
/// <para>What else filters costs as many orders as it drops. That may be all: so there is a limit of time.</para>
/// </remarks>
/// <param name="table">The table of the summaries.</param>
/// <param name="column">What is sorted by.</param>
/// <param name="descending">Whether the greatest comes first.</param>
/// <param name="rows">How many rows are wanted.</param>
public sealed class ListQuestion(string table, string column, bool descending, int rows)
{
    const int Near = 100;
    const int Few = 2_000;
    const int Far = 2_000;

    /// <summary>How long it may take, in seconds.</summary>
    public const int MostSeconds = 2;

    /// <summary>For this transaction. A plan for any customer would not do for one with many orders; to compile a question takes longer than to answer it.</summary>
    static readonly string Settings = string.Create(CultureInfo.InvariantCulture,
        $"select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true), set_config('statement_timeout', '{MostSeconds}s', true)");

    readonly List<NpgsqlParameter> parameters = [];
    readonly List<string> conditions = [];
    string? product;
    bool isOfOneList;

    string Order => descending ? "desc" : "asc";

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
        var question = new NpgsqlBatchCommand(product is null ? Walk(Parameter(rows)) : WalkOrFind(product, Parameter(rows)));
        parameters.ForEach(parameter => question.Parameters.Add(parameter));
        batch.BatchCommands.Add(question);
        return batch;
    }

    string Walk(string most) => isOfOneList ? List(conditions, most) : $"""
        select data, key, id from (
        {string.Join("\nunion all\n", Enum.GetNames<OrderStatus>().Select(status => $"({List([$"{OrderList.OfStatus} '{status}'", .. conditions], most)})"))}
        ) each order by key {Order}, id {Order} limit {most}
        """;

    string List(IReadOnlyCollection<string> where, string most) => $"{Select(where)} order by {column} {Order}, id {Order} limit {most}";

    string WalkOrFind(string holds, string most) => $"""
        with near as materialized (select * from ({Walk(Parameter(Near * rows))}) walked where {holds} limit {most}),
        far as materialized (select * from ({Walk(Parameter(Far * rows))}) walked where {holds} limit {most}),
        holding as materialized ({Select([holds, .. conditions])}),
        way as materialized (select case
        when (select count(*) from near) = {most} then 'near'
        when (select count(*) from (select from holding limit {Few + 1}) few) > {Few} and (select count(*) from far) = {most} then 'far'
        else 'all' end as way)
        select data, key, id from (
        select * from near where (select way from way) = 'near'
        union all select * from far where (select way from way) = 'far'
        union all (select * from holding where (select way from way) = 'all' order by key {Order}, id {Order} limit {most})
        ) found order by key {Order}, id {Order}
        """;

    string Select(IReadOnlyCollection<string> where) =>
        $"select data, {column} as key, id from {table}{(where.Count > 0 ? " where " + string.Join(" and ", where) : "")}";

    string Parameter(object value)
    {
        parameters.Add(new() { Value = value });
        return string.Create(CultureInfo.InvariantCulture, $"${parameters.Count}");
    }
}
