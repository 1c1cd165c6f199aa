using System.Text.Json;
using Assay.Protocol.Chain;

namespace Assay.Protocol.Tests.Chain;

/// <summary>Rounds that drand has published, in tests/vectors/drand.json.</summary>
public class QuicknetTests
{
    private static readonly JsonElement Vectors =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(ContractAgreementTests.Checkout(), "tests/vectors/drand.json"))).RootElement;

    public static TheoryData<ulong, string, string> Rounds()
    {
        var rounds = new TheoryData<ulong, string, string>();
        foreach (var round in Vectors.GetProperty("rounds").EnumerateArray())
            rounds.Add(round.GetProperty("round").GetUInt64(), round.GetProperty("signature").GetString()!, round.GetProperty("uncompressed").GetString()!);
        return rounds;
    }

    [Theory]
    [MemberData(nameof(Rounds))]
    public void A_proof_is_the_signatures_point_uncompressed(ulong round, string signature, string proof)
    {
        Assert.NotEqual(0ul, round);
        Assert.Equal(proof, Convert.ToHexStringLower(Quicknet.ProofOf(Convert.FromHexString(signature))!));
        // The other sign is the point's mirror image.
        var mirrored = Convert.FromHexString(signature);
        mirrored[0] ^= 0x20;
        var other = Convert.ToHexStringLower(Quicknet.ProofOf(mirrored)!);
        Assert.Equal(proof[..96], other[..96]);
        Assert.NotEqual(proof, other);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1_692_803_366, 1)]
    [InlineData(1_692_803_367, 2)]
    [InlineData(1_692_803_369, 2)]
    [InlineData(1_692_803_370, 3)]
    [InlineData(1_692_806_363, 1000)]
    public void A_times_round_is_the_first_that_is_published_later(ulong time, ulong round) => Assert.Equal(round, Quicknet.RoundAfter(time));

    [Fact]
    public void What_is_no_compressed_point_of_the_curve_has_no_proof()
    {
        var good = Convert.FromHexString(Vectors.GetProperty("rounds")[0].GetProperty("signature").GetString()!);
        Assert.Null(Quicknet.ProofOf([]));
        Assert.Null(Quicknet.ProofOf(good.AsSpan(1)));
        Assert.Null(Quicknet.ProofOf([.. good, 0]));
        Assert.Null(Quicknet.ProofOf([(byte)(good[0] & 0x7f), .. good[1..]]));
        Assert.Null(Quicknet.ProofOf([(byte)(good[0] | 0x40), .. good[1..]]));
        Assert.Null(Quicknet.ProofOf([0x9f, .. Enumerable.Repeat((byte)0xff, 47)]));
        // x of this point makes no square.
        var x = Enumerable.Range(0, 256).Select(last => Quicknet.ProofOf([.. good[..^1], (byte)last])).ToList();
        Assert.Contains(null, x);
        Assert.InRange(x.Count(proof => proof is not null), 64, 192);
    }
}
