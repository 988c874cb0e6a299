namespace OrderMonolith.Specs;

/// <summary>The same figures from the events as they are stored, all generations of them, by SQL that knows nothing of views: each row as one text.</summary>
static class FiguresFromEvents
{
    const string Facts = """
        with facts as (
            select stream_id id, version, type, timestamp at, data, coalesce(data ->> 'unitPrice', data ->> 'price')::numeric price,
                (data ->> 'quantity')::bigint * case when type like 'item_removed%' then -1 else 1 end units
            from events.mt_events where type <> 'tombstone'),
        orders as (
            select id, min(at) created, min(at) filter (where type = 'order_confirmed') confirmed, min(at) filter (where type = 'order_cancelled') cancelled,
                min(data ->> 'reason') reason, min(data ->> 'customerId') customer, coalesce(min(data ->> 'currency'), 'USD') currency, coalesce(sum(units * price), 0) total
            from facts group by id),
        lines as (select id, data ->> 'productId' product, sum(units) units, sum(units * price) revenue from facts where type like 'item%' group by 1, 2 having sum(units) > 0),
        sold as (select * from orders where confirmed is not null and cancelled is null),
        """;

    static string Days(string from, string to, string column) => $"{column} >= '{from}T00:00Z' and {column} < '{to}T00:00Z'";

    public static string Sales(string from, string to, string bucket)
    {
        var format = bucket switch { "day" => "YYYY-MM-DD", "week" => "IYYY-\"W\"IW", _ => "YYYY-MM" };
        string Bucket(string column) => $"to_char({column} at time zone 'UTC', '{format}') bucket, currency";
        return $"""
            {Facts}
            counted as (
                select {Bucket("created")}, 1 orders, 0 confirmed, 0 cancelled, 0 revenue from orders where {Days(from, to, "created")}
                union all select {Bucket("confirmed")}, 0, 1, 0, total from sold where {Days(from, to, "confirmed")}
                union all select {Bucket("cancelled")}, 0, 0, 1, 0 from orders where {Days(from, to, "cancelled")})
            select concat_ws(' ', bucket, currency, sum(orders), sum(confirmed), sum(cancelled), trim_scale(sum(revenue))) from counted group by bucket, currency order by bucket, currency collate "C"
            """;
    }

    public static string Products(string from, string to, string sort) => $"""
        {Facts}
        ranked as (
            select product, currency, sum(units) units, sum(revenue) revenue, count(*) orders
            from sold join lines using (id) where {Days(from, to, "confirmed")} group by product, currency)
        select concat_ws(' ', currency, product, units, trim_scale(revenue), orders) from ranked order by currency collate "C", {sort}, product collate "C"
        """;

    public static string Together(string product) => $"""
        {Facts}
        baskets as (select id, product, count(*) over basket size, bool_or(product = '{product}') over basket holds from sold join lines using (id) window basket as (partition by id))
        select concat_ws(' ', product, count(*)) from baskets where size <= 100 and holds and product <> '{product}' group by product order by count(*) desc, product collate "C" limit 50
        """;

    public static string Baskets(string product) => $"""
        {Facts}
        baskets as (select id, product, count(*) over basket size, bool_or(product = '{product}') over basket holds from sold join lines using (id) window basket as (partition by id))
        select count(distinct id) from baskets where size <= 100 and holds
        """;

    public const string Customers = $"""
        {Facts}
        values as (select customer, string_agg(concat_ws(' ', currency, trim_scale(total)), ', ' order by currency collate "C") value from (select customer, currency, sum(total) total from sold group by 1, 2) v group by 1)
        select concat_ws(' ', customer, count(*), count(*) filter (where confirmed is null and cancelled is null), count(*) filter (where confirmed is not null and cancelled is null), count(cancelled),
            to_char(min(created) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), to_char(max(created) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), value)
        from orders left join values using (customer) group by customer, value order by customer collate "C"
        """;

    public static string Cancellations(string from, string to) => $"""
        {Facts}
        called_off as (select *, extract(epoch from cancelled - created) seconds from orders where {Days(from, to, "cancelled")})
        select concat_ws(' ', coalesce(reason, '-'), count(*), count(*) - count(confirmed), count(confirmed),
            trim_scale((array_agg(seconds order by seconds))[ceil(count(*) * 0.5)::int]), trim_scale((array_agg(seconds order by seconds))[ceil(count(*) * 0.95)::int]))
        from called_off group by reason order by count(*) desc, reason collate "C" nulls first
        """;
}
