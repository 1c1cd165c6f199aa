using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Assay.Indexer.Api;

internal static class OpenApi
{
    public static IServiceCollection AddIndexerOpenApi(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Assay Indexer", Version = "v1", Description = "What the chain says of jobs, accounts and operators." };
            // The address under which the document was asked for is no part of the interface.
            document.Servers = [];
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
            var (pattern, description) =
                type == typeof(Address) ? ("^0x[0-9a-fA-F]{40}$", "An address.")
                : type == typeof(Bytes32) ? ("^0x[0-9a-f]{64}$", "32 bytes.")
                : type == typeof(Amount) ? ("^-?[0-9]+$", "Token units, a whole number as text.")
                : ((string?)null, (string?)null);
            if (pattern is not null)
                (schema.Type, schema.Pattern, schema.Description) = (JsonSchemaType.String, pattern, description);
            return Task.CompletedTask;
        });
    });
}
