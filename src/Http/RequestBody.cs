using System.Buffers;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using JasperFx;
using JasperFx.CodeGeneration.Frames;
using JasperFx.CodeGeneration.Model;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using Wolverine.Http;
using Wolverine.Http.CodeGen;

namespace OrderMonolith.Http;

/// <summary>Reads the JSON body of a request strictly, and says exactly what is wrong with it.</summary>
public static class RequestBody
{
    static readonly JsonSerializerOptions Leniently = new(Json.Request)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        RespectRequiredConstructorParameters = false,
        RespectNullableAnnotations = false,
    };

    /// <summary>The body as a <typeparamref name="T"/> whose every member keeps its bounds. An absent body reads as <c>{}</c>.</summary>
    /// <exception cref="ProblemException"><c>unsupported-media-type</c>, <c>request-too-large</c>, <c>malformed-request</c> or <c>validation-failed</c>.</exception>
    public static async Task<T> Read<T>(HttpContext http)
        where T : class
    {
        if (!IsJson(http.Request)) throw new ProblemException("unsupported-media-type", "Send the body as application/json, in UTF-8 and not compressed.");
        var bytes = await Bytes(http.Request);
        http.Items[typeof(RequestBody)] = bytes;
        var (value, misfit) = Parse<T>(bytes.Length == 0 ? "{}"u8 : bytes);

        // Who may not ask does not learn what else is wrong.
        if (value is IForSomebody asked) asked.Permit(Caller.Of(http));
        return misfit is null ? Bounded.Check(value) : throw misfit;
    }

    /// <summary>JSON that did not come over HTTP, read as strictly.</summary>
    /// <exception cref="ProblemException"><c>malformed-request</c> or <c>validation-failed</c>.</exception>
    public static T Of<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        var (value, misfit) = Parse<T>(json);
        return misfit is null ? Bounded.Check(value) : throw misfit;
    }

    /// <summary>The bytes of the body as they came; none where it was not read.</summary>
    public static byte[] BytesOf(HttpContext http) => http.Items[typeof(RequestBody)] as byte[] ?? [];

    /// <summary>The value, and what about its shape does not fit. What can be read leniently only misfits; what cannot even be read so is malformed.</summary>
    static (T Value, ProblemException? Misfit) Parse<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        try
        {
            if (JsonSerializer.Deserialize<T>(json, Json.Request) is { } value) return (value, null);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return Lenient<T>(json);
        }

        throw new ProblemException("malformed-request", "The body is null.");
    }

    static (T Value, ProblemException Misfit) Lenient<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        try
        {
            return (JsonSerializer.Deserialize<T>(json, Leniently)!, Bounded.Problem(Misfits(JsonElement.Parse(json), typeof(T), "")));
        }
        catch (NotSupportedException)
        {
            throw new ProblemException("validation-failed", "An item does not say of which type it is.");
        }
        catch (JsonException e)
        {
            var where = e is { Path: { Length: > 0 } path, LineNumber: { } line, BytePositionInLine: { } at }
                ? string.Create(CultureInfo.InvariantCulture, $" at {path} (line {line + 1}, byte {at + 1})")
                : "";
            throw new ProblemException("malformed-request", $"The body cannot be read{where}: it is not JSON there, or not of the type that is wanted.");
        }
        catch (InvalidOperationException)
        {
            throw new ProblemException("malformed-request", "The body cannot be read: the name of a member is no text.");
        }
    }

    /// <summary>Whether the body, if there is one, says that it is JSON. One without any type is taken only if it is empty.</summary>
    static bool IsJson(HttpRequest request)
    {
        if (request.Headers.ContentEncoding.Count > 0) return false;
        if (request.ContentType is null) return request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false };
        return MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
    }

    static async Task<byte[]> Bytes(HttpRequest request)
    {
        if (request.ContentLength > Edge.MostBytes) throw new ProblemException("request-too-large", Problems.Kinds["request-too-large"].Help);

        using var whole = new MemoryStream((int)(request.ContentLength ?? 0));
        var part = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            while (await request.Body.ReadAsync(part, request.HttpContext.RequestAborted) is > 0 and var bytes)
            {
                if (whole.Length + bytes > Edge.MostBytes) throw new ProblemException("request-too-large", Problems.Kinds["request-too-large"].Help);
                whole.Write(part, 0, bytes);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(part);
        }

        return whole.ToArray();
    }

    static IEnumerable<(string Path, string Fault)> Misfits(JsonElement json, Type type, string path)
    {
        var shape = Json.Request.GetTypeInfo(type);
        var kind = shape.PolymorphismOptions;
        if (kind is not null && json.ValueKind is JsonValueKind.Object)
            shape = Json.Request.GetTypeInfo(kind.DerivedTypes.Single(d => json.GetProperty(kind.TypeDiscriminatorPropertyName).ValueEquals((string)d.TypeDiscriminator!)).DerivedType);
        if (json.ValueKind is JsonValueKind.Array && shape.ElementType is { } item)
            return json.EnumerateArray().SelectMany((element, i) => Misfits(element, item, $"{path}[{i}]"));
        if (json.ValueKind is JsonValueKind.Null && path.EndsWith(']')) return [(path, "must not be null")];
        if (json.ValueKind is not JsonValueKind.Object || shape.Kind is not JsonTypeInfoKind.Object) return [];

        var given = json.EnumerateObject().DistinctBy(p => p.Name).ToDictionary(p => p.Name, p => p.Value);
        var known = shape.Properties.Select(p => p.Name);
        return given.Keys.Except(kind is null ? known : known.Append(kind.TypeDiscriminatorPropertyName)).Select(name => (Bounded.Join(path, name), "is not a member"))
            .Concat(shape.Properties.SelectMany(p => given.TryGetValue(p.Name, out var value)
                ? value.ValueKind is JsonValueKind.Null && !p.IsSetNullable
                    ? [(Bounded.Join(path, p.Name), "must not be null")]
                    : Misfits(value, p.PropertyType, Bounded.Join(path, p.Name))
                : p.IsRequired ? [(Bounded.Join(path, p.Name), "is required")] : []));
    }
}

/// <summary>A body that says for whom it asks.</summary>
public interface IForSomebody
{
    /// <summary>Refuses a caller who may not ask for them.</summary>
    /// <exception cref="ProblemException"><c>forbidden</c></exception>
    void Permit(Caller caller);
}

/// <summary>Has Wolverine read <c>[FromBody]</c> parameters that way.</summary>
public sealed class StrictBodies : IParameterStrategy
{
    /// <inheritdoc />
    public bool TryMatch(HttpChain chain, IServiceContainer container, ParameterInfo parameter, out Variable? variable)
    {
        variable = null;
        if (parameter.GetCustomAttribute<FromBodyAttribute>() is null) return false;

        var read = typeof(RequestBody).GetMethod(nameof(RequestBody.Read), [typeof(HttpContext)])!.MakeGenericMethod(parameter.ParameterType);
        variable = new MethodCall(typeof(RequestBody), read).ReturnVariable;
        return true;
    }
}
