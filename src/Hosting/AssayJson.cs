using System.Text.Json;
using System.Text.Json.Serialization;

namespace Assay.Hosting;

/// <summary>
/// The one way JSON is written on the bus, in tables and over HTTP: camel case, enums by name, nulls left out.
/// Addresses, hashes and amounts carry their own converters.
/// </summary>
public static class AssayJson
{
    public static JsonSerializerOptions Options { get; } = Freeze(Apply(new JsonSerializerOptions(JsonSerializerDefaults.Web)));

    /// <summary>Sets our conventions on options that a framework made.</summary>
    public static JsonSerializerOptions Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.WriteIndented = false;
        // A field that is missing or null where the record has none makes the text malformed, not the value zero.
        options.RespectRequiredConstructorParameters = true;
        options.RespectNullableAnnotations = true;
        options.MaxDepth = 32;
        // Numbers for enums are refused: a value that nobody named is no value.
        options.Converters.Add(new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false));
        return options;
    }

    private static JsonSerializerOptions Freeze(JsonSerializerOptions options)
    {
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
