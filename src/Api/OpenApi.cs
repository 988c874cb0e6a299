using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using OrderMonolith.Http;
using Scalar.AspNetCore;

namespace OrderMonolith.Api;

/// <summary>The description of the API (OpenAPI 3.1): made from <see cref="ApiOperations"/> and from the types that travel, and a page to browse it.</summary>
public static class OpenApi
{
    const string Bearer = "bearer";

    /// <summary>Sets up the document.</summary>
    public static void AddApiDescription(this WebApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            Json.Form(json.SerializerOptions);
            json.SerializerOptions.NumberHandling = Json.Request.NumberHandling;
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.RespectRequiredConstructorParameters = true;
        });
        builder.Services.AddOpenApi("v1", document =>
        {
            document.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            document.ShouldInclude = _ => false;
            document.AddSchemaTransformer(ApiSchemas.Complete);
            document.AddDocumentTransformer(Describe);
        });
    }

    /// <summary>Serves the document and the page to everybody.</summary>
    public static void MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        app.MapScalarApiReference("/docs", page => page
                .WithTitle("OrderMonolith")
                .WithOpenApiRoutePattern("/openapi/v1.json")
                .DisableDefaultFonts()
                .DisableTelemetry()
                .DisableAgent()
                .DisableMcp())
            .AllowAnonymous();
    }

    static async Task Describe(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new()
        {
            Title = "OrderMonolith",
            Version = "1",
            Description = """
                Orders from the first item to the last word: every change is an event, and every answer says at which version the order is.

                Errors are problems (RFC 9457, `application/problem+json`); branch on `code`. Any address can also answer 404 `route-not-found` and 405 `method-not-allowed`.
                `HEAD` works wherever `GET` does, and `OPTIONS` says which methods there are. Where the service runs without authentication, no token is needed.
                """,
        };
        document.Servers = [new() { Url = "/" }];
        document.Components ??= new();
        document.AddComponent<IOpenApiSecurityScheme>(Bearer, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            Description = "Scopes: " + string.Join("; ", Scopes.All.Select(s => $"`{s.Key}`: {s.Value}")) + ". A token with a `customer_id` sees and changes the orders of that customer only.",
        });
        foreach (var type in ApiSchemas.Requests.Concat(ApiSchemas.Answers))
            document.AddComponent<IOpenApiSchema>(type.Name, await context.GetOrCreateSchemaAsync(type, null, cancellationToken));
        ApiSchemas.Join(document);
        document.AddComponent<IOpenApiSchema>(ApiSchemas.List, ApiSchemas.OrderSummaryList(document));
        document.AddComponent<IOpenApiSchema>(ApiFeed.Batch, ApiFeed.BatchSchema);
        document.AddComponent<IOpenApiSchema>(ApiFeed.Schema, ApiFeed.SchemaSchema);

        document.Paths = [];
        foreach (var path in ApiOperations.All.GroupBy(o => o.Path))
            document.Paths.Add(path.Key, new OpenApiPathItem
            {
                Operations = path.ToDictionary(o => HttpMethod.Parse(o.Method), o => Operation(document, o)),
            });
    }

    static OpenApiOperation Operation(OpenApiDocument document, ApiOperation its) => new()
    {
        OperationId = its.Id,
        Summary = its.Summary,
        Description = its.Description,
        Tags = new HashSet<OpenApiTagReference> { new(its.Tag, document) },
        Parameters = [.. its.Parameters],
        RequestBody = its.Body is null ? null : new OpenApiRequestBody
        {
            Required = its.BodyIsRequired,
            Content = Content("application/json", new OpenApiSchemaReference(its.Body, document), its.BodyExample),
        },
        Responses = Responses(document, its),
        Security = its.Scope is null ? [] : [new() { [new OpenApiSecuritySchemeReference(Bearer, document)] = [its.Scope] }],
    };

    static OpenApiResponses Responses(OpenApiDocument document, ApiOperation its)
    {
        var responses = new OpenApiResponses();
        foreach (var answer in its.Answers)
            responses.Add(answer.Status.ToString(), new OpenApiResponse
            {
                Description = answer.Description,
                Headers = Headers(answer.Headers),
                Content = answer.Body is null ? null : Content(answer.MediaType, answer.Or is null ? Schema(answer.Body) : new OpenApiSchema { AnyOf = [Schema(answer.Body), Schema(answer.Or)] }, answer.Example),
            });

        foreach (var status in its.Problems.Select(code => Problems.Kinds[code]).GroupBy(kind => kind.Status).OrderBy(g => g.Key))
            responses.Add(status.Key.ToString(), new OpenApiResponse
            {
                Description = string.Join("\n\n", status.Select(kind => $"[`{kind.Code}`]({Problems.AddressOf(kind.Code)}): {kind.Help}")),
                Headers = Headers(ApiHeaders.OfProblem(status)),
                Content = Content("application/problem+json", ApiSchemas.ProblemOf(document, status), ApiExamples.Problem(status.First())),
            });
        return responses;

        Dictionary<string, IOpenApiHeader> Headers(IEnumerable<string> names) => names.Append(Problems.TraceHeader).ToDictionary(name => name, IOpenApiHeader (name) => ApiHeaders.Answered[name]);

        IOpenApiSchema Schema(string name) => name.Length == 0 ? new OpenApiSchema { Type = JsonSchemaType.String } : new OpenApiSchemaReference(name, document);
    }

    static Dictionary<string, OpenApiMediaType> Content(string mediaType, IOpenApiSchema schema, string? example) =>
        new() { [mediaType] = new OpenApiMediaType { Schema = schema, Example = example is null ? null : JsonNode.Parse(example) } };
}
