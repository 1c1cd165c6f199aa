using System.Text;
using Assay.Protocol.Work;

namespace Assay.Protocol.Tests.Work;

public class CanonicalJsonTests
{
    [Theory]
    [InlineData("""{ "b" : 1, "a" : [ true, null, -7 ] }""", """{"a":[true,null,-7],"b":1}""")]
    [InlineData("""{"z":{"y":"x","Y":""},"":0}""", """{"":0,"z":{"Y":"","y":"x"}}""")]
    [InlineData(""" "Aé\u00e9\/\"\\\b\f\n\r\t\u0001\u001f" """, """ "Aéé/\"\\\b\f\n\r\t\u0001\u001f" """)]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    public void A_document_has_one_form(string text, string canonical) =>
        Assert.Equal(canonical.Trim(), Encoding.UTF8.GetString(CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(text))));

    [Fact]
    public void Keys_are_sorted_by_utf16_code_unit_as_rfc_8785_says()
    {
        // The sample of RFC 8785, section 3.2.3, with its values as given there.
        const string text = """{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}""";
        var values = System.Text.Json.JsonDocument.Parse(CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(text))).RootElement
            .EnumerateObject().Select(member => member.Value.GetString()!.Split(' ')[0]);
        Assert.Equal(["Carriage", "One", "Control", "Latin", "Euro", "Emoji:", "Hebrew"], values);
    }

    [Theory]
    [InlineData("""{"a":1,"a":1}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("-0")]
    [InlineData("18446744073709551616")]
    [InlineData("""{"a":1}x""")]
    [InlineData("""{"a":1,}""")]
    [InlineData("""/*c*/1""")]
    [InlineData("""["\ud800"]""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"\ud800":1,"\ud801":2}""")]
    [InlineData("")]
    [InlineData("NaN")]
    public void What_has_no_canonical_form_is_refused(string text) =>
        Assert.Throws<FormatException>(() => CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Invalid_utf8_is_refused() =>
        Assert.Throws<FormatException>(() => CanonicalJson.Canonicalize([(byte)'"', 0xC3, 0x28, (byte)'"']));

    [Fact]
    public void Too_deep_and_too_large_documents_are_refused()
    {
        Assert.Throws<FormatException>(() => CanonicalJson.Canonicalize(Encoding.ASCII.GetBytes(new string('[', 33) + new string(']', 33))));
        Assert.Throws<FormatException>(() => CanonicalJson.Canonicalize(new byte[CanonicalJson.MaxBytes + 1]));
        CanonicalJson.Canonicalize(Encoding.ASCII.GetBytes(new string('[', 32) + new string(']', 32)));
    }

    [Fact]
    public void Canonical_bytes_do_not_change_when_made_canonical_again()
    {
        var once = CanonicalJson.Canonicalize("""{"q":["é\u007f\u2028",{"b":"\u0000"}],"A":-1}"""u8);
        Assert.Equal(once, CanonicalJson.Canonicalize(once));
    }
}
