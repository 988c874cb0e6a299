using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using OrderMonolith.Commands;
using OrderMonolith.Http;
using OrderMonolith.Orders;

namespace OrderMonolith.Bus;

/// <summary>A command as it is written in a message: its <c>type</c>, its order, perhaps the version that it is for, and the members that it has over HTTP too.</summary>
/// <param name="Type">What it is called.</param>
/// <param name="OrderId">The order.</param>
/// <param name="Command">The command.</param>
/// <param name="IfMatch">Set where it applies to this version only.</param>
public sealed record CommandMessage(string Type, Guid OrderId, IOrderCommand Command, ImmutableArray<long>? IfMatch)
{
    static readonly string[] Types = [nameof(CreateOrder), nameof(AddItem), nameof(RemoveItem), nameof(ConfirmOrder), nameof(CancelOrder)];

    sealed record Kind(string Type);

    /// <summary>For which order, and perhaps which version of it.</summary>
    sealed record Address(Guid OrderId, [property: Range(1, long.MaxValue, ErrorMessage = "must be a version from 1 on")] long? IfMatch = null);

    /// <summary>Reads a message as strictly as a request is read.</summary>
    /// <exception cref="ProblemException"><c>request-too-large</c>, <c>malformed-request</c> or <c>validation-failed</c>.</exception>
    public static CommandMessage Read(ReadOnlyMemory<byte> body, Caller caller)
    {
        if (body.Length > Edge.MostBytes) throw new ProblemException("request-too-large", Problems.Kinds["request-too-large"].Help);
        var members = Members(body);
        var type = RequestBody.Of<Kind>(Only(members, name => name is "type")).Type;
        if (!Types.Contains(type)) throw ProblemException.Wrong("type", $"must be one of {string.Join(", ", Types)}");
        if (type == nameof(CreateOrder))
        {
            var order = RequestBody.Of<NewOrder>(Only(members, name => name is not "type"));
            order.Permit(caller);
            return new(type, order.OrderId ?? Guid.CreateVersion7(), order.For(caller), null);
        }

        var address = RequestBody.Of<Address>(Only(members, name => name is "orderId" or "ifMatch"));
        var command = RequestBody.Of<IOrderCommand>(Only(members, name => name is not ("orderId" or "ifMatch")));
        return new(type, address.OrderId, command, address.IfMatch is { } version ? [version] : null);
    }

    static List<JsonProperty> Members(ReadOnlyMemory<byte> body)
    {
        try
        {
            if (Utf8.IsValid(body.Span) && JsonElement.Parse(body.Span, new() { AllowDuplicateProperties = false }) is { ValueKind: JsonValueKind.Object } json)
                return [.. json.EnumerateObject()];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ProblemException("malformed-request", $"The body cannot be read: {e.Message}");
        }

        throw new ProblemException("malformed-request", "The body is not one JSON object in UTF-8.");
    }

    /// <summary>An object of some of the members, byte by byte as they came.</summary>
    static byte[] Only(List<JsonProperty> members, Func<string, bool> wanted)
    {
        using var json = new MemoryStream();
        json.WriteByte((byte)'{');
        foreach (var member in members.Where(m => wanted(m.Name)))
        {
            if (json.Length > 1) json.WriteByte((byte)',');
            json.WriteByte((byte)'"');
            json.Write(JsonMarshal.GetRawUtf8PropertyName(member));
            json.Write("\":"u8);
            json.Write(JsonMarshal.GetRawUtf8Value(member.Value));
        }

        json.WriteByte((byte)'}');
        return json.ToArray();
    }
}
