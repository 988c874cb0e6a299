using System.Net.Mime;
using System.Text.Json;

namespace OrderMonolith.Webhooks;

/// <summary>A CloudEvent that says nothing but that an endpoint can be reached.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Json">All of it.</param>
public sealed record TestEvent(Guid Id, ReadOnlyMemory<byte> Json)
{
    /// <summary>Its type, which is none that a webhook can ask for.</summary>
    public const string Type = "webhook.test.v1";

    /// <summary>A new one.</summary>
    public static TestEvent Of(Guid webhook, Guid store, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);
        return new(id, JsonSerializer.SerializeToUtf8Bytes(
            new { specversion = "1.0", id, source = $"urn:uuid:{store}", type = Type, subject = webhook, time = now, datacontenttype = MediaTypeNames.Application.Json, data = new { webhookId = webhook } },
            OrderMonolith.Json.Stored));
    }
}
