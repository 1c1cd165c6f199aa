using System.Text.Json;
using System.Text.Json.Serialization;

namespace Assay.Protocol;

/// <summary>One way to write our records as JSON: camel case, enumerations by name, hashes and addresses as hex, amounts as decimal strings.</summary>
public static class ProtocolJson
{
    public static readonly JsonSerializerOptions Options = Apply(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static JsonSerializerOptions Apply(JsonSerializerOptions options)
    {
        options.Converters.Add(new JsonStringEnumConverter());
        options.RespectRequiredConstructorParameters = true;
        options.RespectNullableAnnotations = true;
        options.MaxDepth = 32;
        return options;
    }
}
