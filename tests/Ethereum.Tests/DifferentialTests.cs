using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Ethereum.Wallets;

namespace Assay.Ethereum.Tests;

/// <summary>Random types, values and transactions against viem. ASSAY_FUZZ sets another number of cases (2,000), ASSAY_SEED another seed.</summary>
public sealed class DifferentialTests(ViemFixture viem) : IClassFixture<ViemFixture>
{
    private const int Batch = 100;

    private static readonly int Cases = Setting("ASSAY_FUZZ", 2000);
    private static readonly int Seed = Setting("ASSAY_SEED", 20261121);

    [Fact]
    public async Task Encodings_are_viems_and_each_reads_the_others()
    {
        var random = new RandomAbi(Seed);
        for (var done = 0; done < Cases; done += Batch)
        {
            var cases = Enumerable.Range(0, Batch).Select(_ => random.Parameters(4)).ToList();
            var ours = cases.Select(c => AbiCodec.Encode(Types(c), [.. c.Select(p => (object?)JsonSerializer.SerializeToElement(p.Value))])).ToList();
            var answers = await viem.AskAsync(new { command = "abi", cases = cases.Zip(ours, (c, o) => new { types = c.Select(p => p.Type), values = c.Select(p => p.Value), ours = Hex.Encode(o) }) });
            for (var i = 0; i < Batch; i++)
            {
                var expected = answers[i].Text("encoded");
                Assert.True(expected == Hex.Encode(ours[i]), $"Seed {Seed}, case {done + i}: {JsonSerializer.Serialize(cases[i])}");
                Assert.Equal(expected, answers[i].Text("again"));
                var types = Types(cases[i]);
                Assert.Equal(expected, Hex.Encode(AbiCodec.Encode(types, [.. AbiCodec.Decode(types, Hex.Decode(expected))])));
            }
        }
    }

    [Fact]
    public async Task Typed_data_has_viems_digest()
    {
        var random = new RandomAbi(Seed + 1);
        for (var done = 0; done < Cases / 4; done += Batch)
        {
            var cases = Enumerable.Range(0, Batch).Select(_ => random.TypedData()).ToList();
            var answers = await viem.AskAsync(new { command = "typedData", cases });
            for (var i = 0; i < Batch; i++)
            {
                var json = JsonSerializer.Serialize(cases[i]);
                Assert.True(answers[i].GetString() == TypedData.Parse(json).Digest.ToString(), $"Seed {Seed + 1}, case {done + i}: {json}");
            }
        }
    }

    [Fact]
    public async Task Transactions_of_every_kind_are_signed_to_viems_bytes_and_read_back()
    {
        const string Key = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
        using var signer = LocalSigner.FromHex(Key);
        var random = new RandomAbi(Seed + 2);
        for (var done = 0; done < Cases / 4; done += Batch)
        {
            var cases = await Task.WhenAll(Enumerable.Range(0, Batch).Select(i => RandomTransactionAsync(random, i % 5, signer)));
            var answers = await viem.AskAsync(new { command = "transactions", key = Key, cases = cases.Select(c => c.Json) });
            for (var i = 0; i < Batch; i++)
            {
                var expected = answers[i].GetString();
                Assert.Equal(expected, Hex.Encode(await signer.SignRawTransactionAsync(cases[i].Transaction)));
                var (decoded, signature) = ITransaction.Decode(Hex.Decode(expected));
                Assert.Equal(expected, Hex.Encode(decoded.Encode(signature)));
                Assert.Equal(signer.Address, Secp256k1.Recover(decoded.SigningHash, signature));
                if (decoded is Eip7702Transaction { Authorizations: var authorizations })
                    Assert.All(authorizations, a => Assert.Equal(signer.Address, a.RecoverAuthority()));
            }
        }
    }

    private static async Task<(ITransaction Transaction, Dictionary<string, object?> Json)> RandomTransactionAsync(RandomAbi random, int kind, LocalSigner signer)
    {
        var (chain, nonce, gas) = ((ulong)random.Next(1, 1 << 30), (ulong)random.Next(0, 1 << 30), (ulong)random.Next(21_000, 1 << 30));
        var (price, tip, value, data) = (random.Integer(96), random.Integer(60), random.Integer(128), random.Bytes(random.Next(0, 300)));
        var fee = price + tip;
        Address? to = kind < 3 && random.Next(0, 5) == 0 ? null : random.Address();
        AccessListEntry[] list = [.. Enumerable.Range(0, kind == 0 ? 0 : random.Next(0, 3)).Select(_ => new AccessListEntry(random.Address(), [.. Enumerable.Range(0, random.Next(0, 3)).Select(_ => random.Word())]))];
        var json = new Dictionary<string, object?>
        {
            ["type"] = new[] { "legacy", "eip2930", "eip1559", "eip4844", "eip7702" }[kind],
            ["chainId"] = chain,
            ["nonce"] = nonce,
            ["gas"] = Big(gas),
            ["to"] = to?.ToString(),
            ["value"] = Big(value),
            ["data"] = Hex.Encode(data),
        };
        if (kind > 0)
            json["accessList"] = list.Select(e => new { address = e.Address.ToString(), storageKeys = e.StorageKeys.Select(k => k.ToString()) });
        if (kind < 2)
            json["gasPrice"] = Big(price);
        else
            (json["maxFeePerGas"], json["maxPriorityFeePerGas"]) = (Big(fee), Big(tip));
        switch (kind)
        {
            case 0: return (new LegacyTransaction(chain, nonce, price, gas, to, value, data), json);
            case 1: return (new Eip2930Transaction(chain, nonce, price, gas, to, value, data, list), json);
            case 2: return (new Eip1559Transaction(chain, nonce, tip, fee, gas, to, value, data, list), json);
            case 3:
                Bytes32[] hashes = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Word(first: 1))];
                (json["maxFeePerBlobGas"], json["blobVersionedHashes"]) = (Big(price), hashes.Select(h => h.ToString()));
                return (new Eip4844Transaction(chain, nonce, tip, fee, gas, to!.Value, value, data, price, hashes, list), json);
            default:
                Authorization[] words = [.. Enumerable.Range(0, random.Next(1, 3)).Select(i => new Authorization(i == 0 ? 0 : chain, random.Address(), (ulong)random.Next(0, 1 << 30)))];
                json["authorizations"] = words.Select(a => new { chainId = a.ChainId, address = a.Address.ToString(), nonce = a.Nonce });
                var signed = await Task.WhenAll(words.Select(a => signer.SignAuthorizationAsync(a).AsTask()));
                return (new Eip7702Transaction(chain, nonce, tip, fee, gas, to!.Value, value, data, signed, list), json);
        }
    }

    private static string Big(BigInteger value) => value.ToString(CultureInfo.InvariantCulture) + "n";

    private static AbiParameter[] Types(IEnumerable<RandomAbi.Parameter> parameters) => [.. parameters.Select(p => new AbiParameter(p.Type.Name, p.Type.ToAbi()))];

    private static int Setting(string name, int otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
