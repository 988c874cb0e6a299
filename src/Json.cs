using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace OrderMonolith;

/// <summary>The JSON form of everything that is stored or answered: stored documents go out as they lie in the database, so both are one.</summary>
public static class Json
{
    /// <summary>camelCase, enums as strings, absent instead of null, UTC times with Z, decimals without trailing zeros; unknown members are skipped.</summary>
    public static JsonSerializerOptions Stored { get; } = Form(new(JsonSerializerDefaults.General));

    /// <summary>As stored, but strict: what a request may look like.</summary>
    public static JsonSerializerOptions Request { get; } = Form(new(JsonSerializerDefaults.Strict) { AllowOutOfOrderMetadataProperties = true });

    /// <summary>Gives options the one form.</summary>
    public static JsonSerializerOptions Form(JsonSerializerOptions options)
    {
        options.TypeInfoResolver ??= new DefaultJsonTypeInfoResolver();
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = false;
        // What a shape cannot do without is missed aloud, never read as zero.
        options.RespectRequiredConstructorParameters = true;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new JsonStringEnumConverter());
        options.Converters.Add(new ExactDecimal());
        options.Converters.Add(new UtcTime());
        return options;
    }

    /// <summary>Decimals as they are: read only if no digit would be lost, written without trailing zeros.</summary>
    sealed class ExactDecimal : JsonConverter<decimal>
    {
        const int Digits = 28;

        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var value = reader.GetDecimal();
            var text = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;
            return text.Length <= Digits && !text.ContainsAny("eE"u8) ? value : Exact(Encoding.ASCII.GetString(text), value);
        }

        static decimal Exact(string text, decimal value)
        {
            var mantissa = text.Split('e', 'E')[0].TrimStart('-');
            if (mantissa.Contains('.', StringComparison.Ordinal)) mantissa = mantissa.TrimEnd('0');
            var significant = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('0').Length;
            return significant <= Digits && (value != 0 || significant == 0)
                && decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture) == value
                ? value
                : throw new JsonException($"{text} has more digits than a decimal keeps.");
        }

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value / 1.0000000000000000000000000000m);
    }

    sealed class UtcTime : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime);
    }
}
