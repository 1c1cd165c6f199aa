using System.Buffers.Binary;
using System.Text;
using Assay.Protocol.Work;

namespace Assay.Protocol.Tests.Work;

public class SafetensorsTests
{
    private static readonly byte[] Sample = Safetensors.Write([Samples.I32("scores", 1, -2, 3), Samples.I32("labels", 7)]);

    [Fact]
    public void Tensors_are_written_in_name_order_behind_a_padded_header()
    {
        const string header = """{"labels":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},"scores":{"dtype":"I32","shape":[3],"data_offsets":[4,16]}}""";
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(Sample);
        Assert.Equal(0, length % 8);
        Assert.Equal(header.PadRight(length), Encoding.ASCII.GetString(Sample, 8, length));
        Assert.InRange(length, header.Length, header.Length + 7);
        Assert.Equal(8 + length + 16, Sample.Length);
        Assert.Equal(7, BinaryPrimitives.ReadInt32LittleEndian(Sample.AsSpan(8 + length)));
    }

    [Fact]
    public void What_was_written_is_read_back()
    {
        var tensors = Safetensors.Parse(Sample);
        Assert.Equal(["labels", "scores"], tensors.Select(tensor => tensor.Name));
        Assert.Equal([1, -2, 3], tensors[1].ToInt32());
        Assert.Equal(Sample, Safetensors.Write(tensors));
    }

    [Fact]
    public void Scalars_and_empty_tensors_are_tensors()
    {
        var file = Safetensors.Write([new Tensor("a", TensorType.U8, [], new byte[] { 9 }), new Tensor("b", TensorType.I64, [0, 5], Array.Empty<byte>())]);
        Assert.Equal([1, 0], Safetensors.Parse(file).Select(tensor => tensor.Count));
    }

    [Theory]
    [InlineData("""{}""", 0)]
    [InlineData("""[]""", 0)]
    [InlineData("""{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 5)]
    [InlineData("""{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 3)]
    [InlineData("""{"a":{"dtype":"I32","shape":[2],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"I32","shape":[1],"data_offsets":[4,8]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"0","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"i32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"I32","shape":[-1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"I32","shape":[1.0],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"I32","shape":[2147483647,2147483647],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"I32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"shape":[1],"dtype":"I32","data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4],"x":0}}""", 4)]
    [InlineData("""{"a":{"dtype":"I32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{ "a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"\u0061":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"\ud800":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"\ud800","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a b":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"__metadata__":{"a":"b"},"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2)]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1)]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2)]
    public void A_file_that_is_not_canonical_is_refused(string header, int dataLength) =>
        Assert.Throws<FormatException>(() => Safetensors.Parse(FileOf(header, dataLength)));

    [Fact]
    public void The_same_header_in_canonical_form_is_read() =>
        Assert.Single(Safetensors.Parse(FileOf("""{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}""", 4)));

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(40)]
    public void A_cut_file_is_refused(int length) => Assert.Throws<FormatException>(() => Safetensors.Parse(Sample.AsMemory(0, length)));

    [Fact]
    public void A_header_length_beyond_the_file_is_refused()
    {
        foreach (var length in new[] { ulong.MaxValue, (ulong)long.MaxValue, (ulong)Safetensors.MaxHeader + 1, (ulong)Sample.Length - 7 })
        {
            var file = Sample.ToArray();
            BinaryPrimitives.WriteUInt64LittleEndian(file, length);
            Assert.Throws<FormatException>(() => Safetensors.Parse(file));
        }
    }

    [Fact]
    public void Mutated_files_are_read_canonically_or_refused_by_a_format_exception_alone()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var file = Samples.Mutate(Sample, random);
            try
            {
                Assert.Equal(file, Safetensors.Write(Safetensors.Parse(file)));
            }
            catch (FormatException)
            {
            }
        }
    }

    [Fact]
    public void A_tensor_whose_data_do_not_fit_its_shape_is_not_written() =>
        Assert.Throws<FormatException>(() => Safetensors.Write([new Tensor("a", TensorType.I32, [2], new byte[4])]));

    private static byte[] FileOf(string header, int dataLength)
    {
        var padded = Encoding.ASCII.GetBytes(header.PadRight((header.Length + 7) / 8 * 8));
        var length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)padded.Length);
        return [.. length, .. padded, .. new byte[dataLength]];
    }
}
