using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Protocol;
using Assay.Protocol.Chain;

namespace Assay.Circle.Network;

/// <summary>What parties sign and Settlement carries at its gas: money in and out, until it is final.</summary>
public sealed class RelaysApi(EscrowDomain domain, Address token, Uri settlement) : IDisposable
{
    private static readonly TimeSpan Validity = TimeSpan.FromMinutes(10);

    // A word is carried once however often it is posted.
    private readonly HttpClient http = PatientHandler.Client(settlement, writesCountOnce: true);

    /// <summary>Moves tokens of the signer into its own account of the escrow.</summary>
    public async Task DepositAsync(ISigner who, Amount amount, CancellationToken cancellation)
    {
        var word = new ReceiveWithAuthorization(who.Address, domain.Escrow, amount, 0, Expiry, Nonce);
        var ofToken = new Eip712Domain("Signed Dollar", "1", domain.ChainId, token);
        await CarryAsync("deposits", word, (await who.SignDigestAsync(TypedData.Of(ofToken, word).Digest, cancellation)).ToArray(), cancellation);
    }

    /// <summary>Pays of the signer's available balance to where it says.</summary>
    public async Task WithdrawAsync(ISigner who, Address to, Amount amount, CancellationToken cancellation)
    {
        var word = new Withdraw(who.Address, to, amount, Nonce, Expiry);
        await CarryAsync("withdrawals", word, await domain.SignAsync(who, word, cancellation), cancellation);
    }

    /// <summary>Pays all that the operator has earned to its payout address, whose key signs.</summary>
    public async Task ClaimAsync(ISigner payout, Address @operator, CancellationToken cancellation)
    {
        var word = new EarningsClaim(@operator, payout.Address, Nonce, Expiry);
        await CarryAsync("claims", word, await domain.SignAsync(payout, word, cancellation), cancellation);
    }

    public void Dispose() => http.Dispose();

    private static ulong Expiry => (ulong)DateTimeOffset.UtcNow.Add(Validity).ToUnixTimeSeconds();

    private static Bytes32 Nonce => new(RandomNumberGenerator.GetBytes(Bytes32.Size));

    /// <exception cref="HttpRequestException">Settlement does not take it, or it failed on the chain; the message carries the reason.</exception>
    private async Task CarryAsync<T>(string kind, T word, byte[] signature, CancellationToken cancellation)
    {
        using var response = await http.PostAsJsonAsync($"/relays/{kind}", new { word, signature }, ProtocolJson.Options, cancellation);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"{kind}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellation)}", null, response.StatusCode);
        var id = (await response.Content.ReadFromJsonAsync<JsonElement>(cancellation)).GetProperty("id").GetString();
        await Waiting.Until(
            async () =>
            {
                var status = await http.GetFromJsonAsync<JsonElement>($"/relays/{id}", cancellation);
                return status.GetProperty("state").GetString() switch
                {
                    "Final" => true,
                    "Failed" => throw new HttpRequestException($"{kind}: {status}"),
                    _ => false,
                };
            },
            TimeSpan.FromMinutes(2),
            $"{kind} {id} to be final",
            cancellation);
    }
}
