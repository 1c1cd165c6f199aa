using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Ethereum.Wallets;

namespace Assay.Ethereum.Tests;

public sealed class SigningTests
{
    private static readonly BigInteger Order = Bytes32.Parse("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").ToBigInteger();
    private static readonly Bytes32 Digest = Keccak256.Hash("digest");

    [Fact]
    public async Task Published_transactions_are_signed_to_the_same_bytes_and_read_back()
    {
        foreach (var vector in Typed(2, 1024))
        {
            using var signer = LocalSigner.FromHex(vector.Text("key"));
            var signed = await signer.SignTransactionAsync(ReadTransaction(vector.GetProperty("tx")));
            Assert.Equal(vector.Text("signed"), Hex.Encode(signed.ToArray()));
            Assert.Equal(Keccak256.Hash(Hex.Decode(vector.Text("unsigned"))), signed.Transaction.SigningHash);

            var decoded = SignedTransaction.Decode(Hex.Decode(vector.Text("signed")));
            Assert.Equal(vector.Text("signed"), Hex.Encode(decoded.ToArray()));
            Assert.Equal(Address.Parse(vector.Text("address")), decoded.RecoverSender());
            Assert.Equal(signed.Hash, decoded.Hash);
        }
    }

    [Fact]
    public async Task Published_transactions_with_access_lists_are_signed_to_the_same_bytes_and_read_back()
    {
        foreach (var vector in Typed(1, 768))
        {
            using var signer = LocalSigner.FromHex(vector.Text("key"));
            var tx = ReadTransaction(vector.GetProperty("tx"));
            var transaction = new Eip2930Transaction(
                tx.ChainId, tx.Nonce, Number(vector.GetProperty("tx"), "gasPrice"), tx.GasLimit, tx.To, tx.Value, tx.Data, tx.AccessList);
            Assert.Equal(Keccak256.Hash(Hex.Decode(vector.Text("unsigned"))), transaction.SigningHash);
            Assert.Equal(vector.Text("signed"), Hex.Encode(await signer.SignRawTransactionAsync(transaction)));

            var (decoded, signature) = Eip2930Transaction.Decode(Hex.Decode(vector.Text("signed")));
            Assert.Equal(vector.Text("signed"), Hex.Encode(decoded.Encode(signature)));
            Assert.Equal(Address.Parse(vector.Text("address")), Secp256k1.Recover(decoded.SigningHash, signature));
        }
    }

    [Fact]
    public async Task Published_legacy_transactions_are_signed_to_the_same_bytes_and_read_back()
    {
        var beyond = 0;
        foreach (var vector in VectorFile.Read("transactions", 1067))
        {
            using var signer = LocalSigner.FromHex(vector.Text("privateKey"));
            // Some offer more gas than 64 bits hold, which no node takes.
            if (Number(vector, "gasLimit") > ulong.MaxValue)
            {
                beyond++;
                Assert.Throws<RlpException>(() => LegacyTransaction.Decode(Hex.Decode(vector.Text("signedTransaction"))));
                continue;
            }
            foreach (var (chain, name) in new (ulong?, string)[] { (null, ""), (5, "ChainId5") })
            {
                var transaction = new LegacyTransaction(
                    chain, (ulong)Number(vector, "nonce"), Number(vector, "gasPrice"), (ulong)Number(vector, "gasLimit"),
                    vector.TryGetProperty("to", out var to) ? Address.Parse(to.GetString()!) : null, Number(vector, "value"),
                    vector.TryGetProperty("data", out var data) ? Hex.Decode(data.GetString()!) : []);
                Assert.Equal(Keccak256.Hash(Hex.Decode(vector.Text("unsignedTransaction" + name))), transaction.SigningHash);
                var signed = vector.Text("signedTransaction" + name);
                Assert.Equal(signed, Hex.Encode(await signer.SignRawTransactionAsync(transaction)));

                var (decoded, signature) = LegacyTransaction.Decode(Hex.Decode(signed));
                Assert.Equal((chain, signed), (decoded.ChainId, Hex.Encode(decoded.Encode(signature))));
                Assert.Equal(Address.Parse(vector.Text("accountAddress")), Secp256k1.Recover(decoded.SigningHash, signature));
            }
        }
        Assert.Equal(83, beyond);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(26)]
    [InlineData(29)]
    [InlineData(34)]
    public void A_legacy_transaction_with_another_v_is_refused(int v)
    {
        RlpItem[] fields = [.. Enumerable.Repeat(RlpItem.Of(0), 6), RlpItem.Of(v), RlpItem.Of(1), RlpItem.Of(1)];
        Assert.Throws<RlpException>(() => LegacyTransaction.Decode(Rlp.EncodeList(fields)));
        fields[6] = RlpItem.Of(27);
        Assert.Null(LegacyTransaction.Decode(Rlp.EncodeList(fields)).Transaction.ChainId);
    }

    [Fact]
    public void Published_keys_have_their_addresses()
    {
        foreach (var vector in VectorFile.Read("accounts", 1038).Where(v => v.TryGetProperty("privateKey", out _)))
            Assert.Equal(vector.Text("checksumAddress"), Secp256k1.AddressOfKey(Hex.Decode(vector.Text("privateKey"))).ToString());
    }

    [Fact]
    public async Task A_signature_recovers_to_its_signer_and_to_nobody_else()
    {
        using var signer = LocalSigner.Generate();
        var signature = await signer.SignDigestAsync(Digest);
        Assert.Equal(signer.Address, Secp256k1.Recover(Digest, signature));
        Assert.True(Secp256k1.TryRecover(Digest, signature.ToArray(), out var recovered));
        Assert.Equal(signer.Address, recovered);
        Secp256k1.TryRecover(Keccak256.Hash("other"), signature, out var other);
        Assert.NotEqual(signer.Address, other);
    }

    [Fact]
    public async Task The_other_half_of_a_signature_is_refused()
    {
        using var signer = LocalSigner.Generate();
        var low = await signer.SignDigestAsync(Digest);
        var high = new Signature(low.R, Bytes32.FromBigInteger(Order - low.S.ToBigInteger()), 1 - low.YParity);
        Assert.False(high.IsCanonical);
        Assert.False(Secp256k1.TryRecover(Digest, high, out _));
        Assert.False(Secp256k1.TryRecover(Digest, high.ToArray(), out _));
        Assert.Throws<CryptographicException>(() => Secp256k1.Recover(Digest, high));
        Assert.Throws<FormatException>(() => Signature.Parse(high.ToArray()));
    }

    [Fact]
    public async Task A_signature_of_another_form_is_refused()
    {
        using var signer = LocalSigner.Generate();
        var bytes = (await signer.SignDigestAsync(Digest)).ToArray();
        byte[][] bad =
        [
            [], bytes[..64], [.. bytes, 0], [.. bytes[..64], 0], [.. bytes[..64], 29], [.. new byte[32], .. bytes[32..]],
            [.. bytes[..32], .. new byte[32], bytes[64]], [.. Enumerable.Repeat((byte)255, 32), .. bytes[32..]],
        ];
        Assert.All(bad, b => Assert.False(Secp256k1.TryRecover(Digest, b, out _)));
        Assert.All(bad, b => Assert.Throws<FormatException>(() => Signature.Parse(b)));
    }

    [Fact]
    public void A_number_out_of_range_is_no_key()
    {
        Assert.All<byte[]>([[], new byte[31], new byte[32], new byte[33], Bytes32.FromBigInteger(Order).ToArray()],
            key => Assert.Throws<CryptographicException>(() => new LocalSigner(key)));
    }

    [Fact]
    public void A_public_key_gives_the_address_in_either_form()
    {
        var key = Keccak256.Hash("key").ToArray();
        var expected = Secp256k1.AddressOfKey(key);
        Assert.Equal(expected, Secp256k1.AddressOfPublicKey(Secp256k1.PublicKey(key)));
        Assert.Equal(expected, Secp256k1.AddressOfPublicKey(Secp256k1.PublicKey(key, compressed: true)));
        Assert.Throws<CryptographicException>(() => Secp256k1.AddressOfPublicKey(new byte[65]));
        Assert.Throws<CryptographicException>(() => Secp256k1.AddressOfPublicKey(new byte[64]));
    }

    [Fact]
    public async Task A_message_is_signed_over_its_length_in_bytes()
    {
        // Digests made with viem's hashMessage.
        Assert.Equal("0xd9eba16ed0ecae432b71fe008c98cc872bb4cc214d3220a36f365326cf807d68", SignerExtensions.MessageDigest("hello world"u8).ToString());
        Assert.Equal("0x72c2d113686c80b6cd7c0890bd28d09912ae3059f045aa1156c2b6ef68b186bf", SignerExtensions.MessageDigest("grüße"u8).ToString());
        using var signer = LocalSigner.Generate();
        var signature = await signer.SignMessageAsync("grüße");
        Assert.Equal(signer.Address, Secp256k1.Recover(SignerExtensions.MessageDigest("grüße"u8), signature));
    }

    [Fact]
    public async Task A_disposed_signer_signs_no_more_and_never_shows_its_key()
    {
        var hex = Keccak256.Hash("secret").ToString();
        var signer = LocalSigner.FromHex(hex);
        Assert.DoesNotContain(hex[2..], signer.ToString());
        signer.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await signer.SignDigestAsync(Digest));
    }

    [Fact]
    public void A_refused_key_is_not_in_the_error()
    {
        var hex = new string('f', 64);
        Assert.DoesNotContain(hex, Assert.Throws<CryptographicException>(() => LocalSigner.FromHex("0x" + hex)).ToString());
        Assert.DoesNotContain(hex, Assert.Throws<CryptographicException>(() => LocalSigner.FromHex(hex)).ToString());
    }

    [Fact]
    public void A_missing_native_library_names_its_package()
    {
        var error = Assert.Throws<DllNotFoundException>(() => Native.Load("/nowhere", "libsecp256k1-absent.so.1"));
        Assert.Contains("libsecp256k1-1", error.Message);
        Assert.Contains("ASSAY_NATIVE_DIR", error.Message);
    }

    [Fact]
    public void Transaction_bytes_of_another_form_are_refused()
    {
        var raw = Hex.Decode(Typed(2, 1024)[0].Text("signed"));
        var items = Rlp.Decode(raw.AsSpan(1)).Items;
        byte[] With(int index, RlpItem item) => [2, .. Rlp.EncodeList([.. items.Select((old, i) => i == index ? item : old)])];
        byte[][] bad =
        [
            [], [2], [1, .. raw[1..]], raw[..^1], [.. raw, 0], [2, .. Rlp.EncodeList([.. items.SkipLast(1)])],
            With(9, RlpItem.Of(2)), With(11, RlpItem.Of(Order - 1)), With(10, RlpItem.Of(0)), With(1, RlpItem.Of((ReadOnlySpan<byte>)[0])),
            With(5, RlpItem.Of((ReadOnlySpan<byte>)[1, 2])), With(1, RlpItem.Of(BigInteger.One << 64)), With(8, RlpItem.Of(1)), With(7, RlpItem.List()),
        ];
        Assert.All(bad, b => Assert.Throws<RlpException>(() => SignedTransaction.Decode(b)));
        Assert.Equal(raw, SignedTransaction.Decode(raw).ToArray());
    }

    private static IReadOnlyList<JsonElement> Typed(int type, int count)
    {
        JsonElement[] cases = [.. VectorFile.Read("typed-transactions", 1792).Where(v => v.GetProperty("tx").GetProperty("type").GetInt32() == type)];
        Assert.Equal(count, cases.Length);
        return cases;
    }

    private static Eip1559Transaction ReadTransaction(JsonElement tx) => new(
        (ulong)Number(tx, "chainId"), (ulong)Number(tx, "nonce"), Number(tx, "maxPriorityFeePerGas"), Number(tx, "maxFeePerGas"), (ulong)Number(tx, "gasLimit"),
        tx.TryGetProperty("to", out var to) ? Address.Parse(to.GetString()!) : null,
        Number(tx, "value"),
        tx.TryGetProperty("data", out var data) ? Hex.Decode(data.GetString()!) : [],
        tx.TryGetProperty("accessList", out var list)
            ? [.. list.EnumerateArray().Select(e => new AccessListEntry(Address.Parse(e.Text("address")), [.. e.GetProperty("storageKeys").EnumerateArray().Select(k => Bytes32.Parse(k.GetString()!))]))]
            : null);

    private static BigInteger Number(JsonElement tx, string name) => !tx.TryGetProperty(name, out var json) ? 0
        : json.ValueKind == JsonValueKind.Number ? json.GetInt64()
        : json.GetString() == "0x" ? 0
        : json.GetString()!.StartsWith("0x", StringComparison.Ordinal) ? Hex.ParseQuantity(json.GetString())
        : BigInteger.Parse(json.GetString()!, CultureInfo.InvariantCulture);
}
