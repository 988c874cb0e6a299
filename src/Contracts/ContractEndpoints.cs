using System.ComponentModel;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Microsoft.AspNetCore.Authorization;
using OrderMonolith.Http;
using Wolverine.Http;

namespace OrderMonolith.Contracts;

/// <summary>The contracts there are.</summary>
/// <param name="Items">Oldest first.</param>
public sealed record ContractList(IReadOnlyList<ContractLink> Items);

/// <summary>A contract, and where its schema is.</summary>
/// <param name="Type">What it is called on the wire.</param>
/// <param name="Schema">Address of the JSON Schema of its data.</param>
public sealed record ContractLink(string Type, string Schema);

/// <summary>Where it is told what messages look like. Open to everybody: there is no order in it.</summary>
[AllowAnonymous]
public static class ContractEndpoints
{
    static readonly JsonSchemaExporterOptions Strict = new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Describe };

    /// <summary>All contracts.</summary>
    [WolverineGet("/contracts")]
    public static IResult GetContracts(HttpContext http)
    {
        QueryParameters.Of(http);
        return StoredJson.Of(new ContractList([.. Translation.Names.Values.Order(StringComparer.Ordinal).Select(name => new ContractLink(name, $"/contracts/{name}"))]));
    }

    /// <summary>The JSON Schema of what a contract's messages hold as their <c>data</c>.</summary>
    [WolverineGet("/contracts/{type}")]
    public static IResult GetContract(string type, HttpContext http)
    {
        QueryParameters.Of(http);
        var contract = Translation.Names.FirstOrDefault(named => named.Value == type).Key ?? throw new ProblemException("route-not-found", "There is no such contract; /contracts names those there are.");
        return Results.Text(SchemaOf(contract).ToJsonString(), "application/schema+json");
    }

    /// <summary>The schema of a contract (JSON Schema 2020-12). What may be added to a contract later is optional, so unknown members are to be passed over.</summary>
    public static JsonObject SchemaOf(Type contract)
    {
        var schema = Json.Stored.GetJsonSchemaAsNode(contract, Strict).AsObject();
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", Translation.Names[contract]);
        return schema;
    }

    static JsonObject Describe(JsonSchemaExporterContext context, JsonNode schema)
    {
        // Of what our own converter writes, the framework knows nothing.
        var type = context.TypeInfo.Type;
        var shape = type == typeof(decimal) ? new JsonObject { ["type"] = "number" } : schema.AsObject();

        // What there is not is left out, never null.
        if (shape["type"] is JsonArray types) shape["type"] = types.Select(name => name!.GetValue<string>()).Single(name => name != "null");
        if (shape["required"] is JsonArray && context.TypeInfo.Properties is { Count: > 0 } members)
            shape["required"] = new JsonArray([.. members.Where(member => !member.IsGetNullable).Select(member => (JsonNode)member.Name)]);
        var described = (context.PropertyInfo?.AttributeProvider ?? type).GetCustomAttributes(typeof(DescriptionAttribute), false).OfType<DescriptionAttribute>().FirstOrDefault();
        if (described is not null) shape["description"] = described.Description;
        return shape;
    }
}
