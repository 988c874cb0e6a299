using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using OrderMonolith.Commands;
using OrderMonolith.Contracts;
using OrderMonolith.DeadLetters;
using OrderMonolith.History;
using OrderMonolith.Http;
using OrderMonolith.Insights;
using OrderMonolith.Operations;
using OrderMonolith.Orders;
using OrderMonolith.OrderSummaries;
using OrderMonolith.Rebuilding;
using OrderMonolith.Views;
using OrderMonolith.Webhooks;
using OrderMonolith.WorkList;

namespace OrderMonolith.Api;

/// <summary>The shapes that travel, with the bounds that their attributes declare.</summary>
public static class ApiSchemas
{
    /// <summary>Name of the schema of a page of summaries.</summary>
    public const string List = "OrderSummaryList";

    const string FrameworksName = "x-schema-id";

    /// <summary>The types of bodies that come in, by their names in the description.</summary>
    public static IReadOnlyList<Type> Requests { get; } =
        [typeof(NewOrder), typeof(AddItem), typeof(ConfirmOrder), typeof(CancelOrder), typeof(WhatIfRequest), typeof(RebuildRequest), typeof(SkipRequest),
        typeof(NewWebhook), typeof(WebhookChange), typeof(SecretRotation), typeof(WebhookReplay), typeof(EmptyRequest),
        typeof(RetryRequest), typeof(RetriesRequest), typeof(DiscardRequest)];

    /// <summary>The types of bodies that go out.</summary>
    public static IReadOnlyList<Type> Answers { get; } =
        [typeof(OrderLine), typeof(Order), typeof(OrderSummary), typeof(StoredEvent), typeof(PastEvent), typeof(AuditTrailPage), typeof(DiffStep), typeof(OrderDiff), typeof(NewEvent), typeof(DryRunAnswer), typeof(WhatIfRefusal), typeof(WhatIf),
        typeof(OwnOrder), typeof(OwnOrders), typeof(ListedWork), typeof(WorkListPage),
        typeof(SalesFigure), typeof(SalesFigures), typeof(ProductFigure), typeof(ProductFigures), typeof(Companion), typeof(BoughtTogether), typeof(CurrencyAmount), typeof(CustomerFigures), typeof(CancellationFigure), typeof(CancellationFigures),
        typeof(ViewStatus), typeof(ViewList), typeof(Difference), typeof(RebuildProgress), typeof(SkippedEvent),
        typeof(ShownWebhook), typeof(WebhookList), typeof(WebhookTest), typeof(WebhookDelivery), typeof(WebhookDeliveryList), typeof(WebhookAttempt), typeof(WebhookDeliveryDetails), typeof(ReplayedEvents),
        typeof(Treatment), typeof(DeadLetter), typeof(LetterPage), typeof(LetterOutcome), typeof(ManyOutcomes),
        typeof(ContractLink), typeof(ContractList), typeof(HealthPart), typeof(HealthAnswer), typeof(Problem)];

    /// <summary>Adds what the framework cannot know of a type or member.</summary>
    public static Task Complete(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        Form(schema, type, context.Document!);
        foreach (var bound in context.JsonPropertyInfo?.AttributeProvider?.GetCustomAttributes(true).OfType<ValidationAttribute>() ?? []) Bound(schema, bound);
        if (Requests.Contains(type)) schema.AdditionalPropertiesAllowed = false;
        if (Answers.Contains(type)) Shown(schema, context.JsonTypeInfo);
        return Task.CompletedTask;
    }

    /// <summary>Has the shapes say those inside them by their names.</summary>
    public static void Join(OpenApiDocument document)
    {
        var shapes = document.Components!.Schemas!;
        foreach (var member in shapes.Values.OfType<OpenApiSchema>().SelectMany(shape => shape.Properties?.Values ?? []).OfType<OpenApiSchema>())
            (member.Items, member.AdditionalProperties) = (Named(member.Items), Named(member.AdditionalProperties));

        IOpenApiSchema? Named(IOpenApiSchema? inner) =>
            inner is OpenApiSchema { Metadata: { } notes } && notes.TryGetValue(FrameworksName, out var name) && name is string known && shapes.ContainsKey(known)
                ? new OpenApiSchemaReference(known, document)
                : inner;
    }

    /// <summary>The JSON form of what our converters write.</summary>
    static void Form(OpenApiSchema schema, Type type, OpenApiDocument document)
    {
        if (type == typeof(decimal)) (schema.Type, schema.Format) = (schema.Type & JsonSchemaType.Null | JsonSchemaType.Number, "decimal");
        if (type.IsEnum) schema.Type = JsonSchemaType.String;
        if (type == typeof(DateTimeOffset)) (schema.Type, schema.Format) = (JsonSchemaType.String, "date-time");
        if (type == typeof(OrderLines))
            (schema.Type, schema.Items, schema.Description) =
                (JsonSchemaType.Array, new OpenApiSchemaReference(nameof(OrderLine), document), "What was ordered, in the order of the first add.");
    }

    /// <summary>Answers leave out what there is not, instead of null; all else is always there. What a view keeps for itself is not shown.</summary>
    static void Shown(OpenApiSchema schema, JsonTypeInfo type)
    {
        if (type.Type == typeof(OrderSummary)) schema.Properties!.Remove("products");
        schema.Required = new HashSet<string>();
        foreach (var member in type.Properties.Where(member => schema.Properties!.ContainsKey(member.Name)))
        {
            var always = member.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), true) is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.Never }];
            if (always || !member.IsGetNullable) schema.Required.Add(member.Name);
            if (!always && schema.Properties![member.Name] is OpenApiSchema shown) shown.Type &= ~JsonSchemaType.Null;
        }
    }

    /// <summary>A schema with the bound that an attribute sets.</summary>
    public static OpenApiSchema Bound(OpenApiSchema schema, ValidationAttribute bound)
    {
        switch (bound)
        {
            case OpaqueIdAttribute:
                (schema.MinLength, schema.MaxLength, schema.Pattern) = (1, Bounds.LongestId, @"^(?!\.{1,2}$)[^\s/\\]([^/\\]*[^\s/\\])?$");
                break;
            case CurrencyAttribute:
                schema.Pattern = "^[A-Z]{3}$";
                break;
            case NotNilAttribute:
                schema.Not = new OpenApiSchema { Const = Guid.Empty.ToString() };
                break;
            case RangeAttribute range:
                (schema.Minimum, schema.Maximum) = (Number(range.Minimum), Number(range.Maximum));
                break;
            case UnitPriceAttribute:
                (schema.Minimum, schema.Maximum, schema.MultipleOf) = ("0", Number(Bounds.HighestPrice), 0.0001m);
                break;
            case WebhookUrlAttribute:
                (schema.MaxLength, schema.Format) = (Webhook.LongestUrl, "uri");
                break;
            case EventTypesAttribute:
                (schema.Items, schema.UniqueItems) = (ApiParameters.Text(EventTypesAttribute.Known), true);
                break;
            case AllowedValuesAttribute allowed:
                schema.Enum = [.. allowed.Values.OfType<string>().Select(value => (JsonNode)value)];
                break;
            case FreeTextAttribute text:
                schema.MaxLength = text.Longest;
                break;
        }

        return schema;

        static string Number(object number) => Convert.ToString(number, CultureInfo.InvariantCulture)!;
    }

    /// <summary>The schema of a problem that is one of some kinds.</summary>
    public static OpenApiSchema ProblemOf(OpenApiDocument document, IEnumerable<ProblemKind> kinds) => new()
    {
        AllOf =
        [
            new OpenApiSchemaReference(nameof(Problem), document),
            new OpenApiSchema { Properties = new Dictionary<string, IOpenApiSchema> { ["code"] = new OpenApiSchema { Enum = [.. kinds.Select(k => (JsonNode)k.Code)] } } },
        ],
    };

    /// <summary>A page of summaries.</summary>
    public static OpenApiSchema OrderSummaryList(OpenApiDocument document) => new()
    {
        Type = JsonSchemaType.Object,
        Description = "A page of orders.",
        Required = new HashSet<string> { "items", "next" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["items"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchemaReference(nameof(OrderSummary), document) },
            ["next"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null, Description = "The cursor of the next page; null at the end." },
        },
    };
}
