using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;

namespace Assay.Ethereum.Tests;

public sealed class WalletTests
{
    private const string TestMnemonic = "test test test test test test test test test test test junk";

    [Fact]
    public void Published_mnemonics_give_their_seeds_keys_and_addresses()
    {
        // The other 315 are in languages whose words are not in this library.
        var english = VectorFile.Read("hdnode", 1409).Where(v => v.Text("locale") == "en").ToList();
        Assert.Equal((1094, 6289), (english.Count, english.Sum(v => v.GetProperty("hdnodes").GetArrayLength())));
        foreach (var vector in english)
        {
            var password = vector.TryGetProperty("password", out var p) ? p.GetString() ?? "" : "";
            var words = vector.Text("mnemonic");
            Assert.Equal(words, Mnemonic.FromEntropy(Hex.Decode(vector.Text("entropy"))));
            Assert.Equal(vector.Text("seed"), Hex.Encode(Mnemonic.ToSeed(words, password)));
            using var wallet = HdWallet.FromMnemonic(words, password);
            foreach (var node in vector.GetProperty("hdnodes").EnumerateArray())
            {
                using var signer = wallet.Derive(node.Text("path"));
                Assert.Equal(node.Text("address"), signer.Address.ToLowerString());
                Assert.Equal(node.Text("privateKey"), signer.UseKey(key => Hex.Encode(key)));
            }
        }
    }

    [Fact]
    public void The_development_mnemonic_gives_the_known_accounts()
    {
        using var wallet = HdWallet.FromMnemonic(TestMnemonic);
        Assert.Equal("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", wallet.GetAccount(0).Address.ToString());
        Assert.Equal("0x70997970C51812dc3A010C7d01b50e0d17dc79C8", wallet.GetAccount(1).Address.ToString());
    }

    [Theory]
    [InlineData("test test test test test test test test test test test test")]
    [InlineData("test test test")]
    [InlineData("test test test test test test test test test test test jnuk")]
    [InlineData("")]
    public void Words_that_do_not_check_are_refused_without_being_repeated(string words)
    {
        Assert.False(Mnemonic.IsValid(words));
        var error = Assert.Throws<FormatException>(() => HdWallet.FromMnemonic(words));
        Assert.DoesNotContain("test", error.Message);
        Assert.DoesNotContain("jnuk", error.Message);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(24)]
    public void Generated_words_check_and_differ(int count)
    {
        var words = Mnemonic.Generate(count);
        Assert.Equal(count, words.Split(' ').Length);
        Assert.True(Mnemonic.IsValid(words));
        Assert.NotEqual(words, Mnemonic.Generate(count));
    }

    [Theory]
    [InlineData("")]
    [InlineData("44'/60'")]
    [InlineData("m/")]
    [InlineData("m/-1")]
    [InlineData("m/2147483648")]
    [InlineData("m/1''")]
    public void A_text_that_is_no_path_is_refused(string path)
    {
        using var wallet = HdWallet.FromMnemonic(TestMnemonic);
        Assert.Throws<FormatException>(() => wallet.Derive(path));
    }

    // RFC 7914, section 12; its fourth case needs 1 GiB.
    [Theory]
    [InlineData("", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")]
    [InlineData("password", "NaCl", 1024, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")]
    [InlineData("pleaseletmein", "SodiumChloride", 16384, 8, 1, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")]
    public void Scrypt_gives_the_results_of_its_rfc(string password, string salt, int n, int r, int p, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(Scrypt.Derive(Utf8(password), Utf8(salt), n, r, p, 64)));

    [Theory]
    [InlineData(0, 8, 1)]
    [InlineData(3, 8, 1)]
    [InlineData(1024, 0, 1)]
    [InlineData(1024, 8, 0)]
    [InlineData(1 << 30, 8, 1)]
    [InlineData(1 << 20, 8, 1 << 12)]
    public void Scrypt_refuses_parameters_that_ask_for_too_much(int n, int r, int p) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Scrypt.Derive([], [], n, r, p, 32));

    [Fact]
    public void Published_keystores_open_with_their_passwords()
    {
        // The other two are wallets of a crowdsale, a format of its own.
        var keystores = VectorFile.Read("wallets", 9).Where(v => v.Text("type") == "secret-storage").ToList();
        Assert.Equal(7, keystores.Count);
        foreach (var vector in keystores)
        {
            using var signer = Keystore.Decrypt(vector.Text("json"), vector.Text("password"));
            Assert.Equal(vector.Text("address"), signer.Address.ToLowerString());
            Assert.Throws<KeystoreException>(() => Keystore.Decrypt(vector.Text("json"), vector.Text("password") + "x"));
        }
    }

    [Fact]
    public void A_written_keystore_belongs_to_its_owner_alone_and_is_not_overwritten()
    {
        var folder = Directory.CreateTempSubdirectory("keystore");
        try
        {
            using var signer = LocalSigner.Generate();
            var path = Path.Combine(folder.FullName, "key.json");
            Keystore.Write(path, signer, "pässword", scryptN: 1024);
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal([path], Directory.GetFiles(folder.FullName));
            using var read = Keystore.Read(path, "pässword");
            Assert.Equal(signer.Address, read.Address);
            Assert.Throws<IOException>(() => Keystore.Write(path, signer, "other", scryptN: 1024));
            Assert.Equal([path], Directory.GetFiles(folder.FullName));
            Keystore.Read(path, "pässword").Dispose();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"version":1}""")]
    [InlineData("""{"version":3,"crypto":null}""")]
    [InlineData("""{"version":3,"crypto":{"cipher":"aes-128-cbc"}}""")]
    public void A_file_that_is_no_keystore_is_refused(string json) => Assert.Throws<KeystoreException>(() => Keystore.Decrypt(json, "x"));

    [Theory]
    [InlineData("\"n\": 1024", "\"n\": 1073741824")]
    [InlineData("\"n\": 1024", "\"n\": 1000")]
    [InlineData("\"p\": 1", "\"p\": 2000000000")]
    [InlineData("\"dklen\": 32", "\"dklen\": 16")]
    [InlineData("\"kdf\": \"scrypt\"", "\"kdf\": \"argon2\"")]
    [InlineData("\"n\": 1024", "\"n\": \"1024\"")]
    public void A_keystore_with_hostile_parameters_is_refused(string good, string bad)
    {
        using var signer = LocalSigner.Generate();
        var json = Keystore.Encrypt(signer, "x", scryptN: 1024);
        var hostile = json.Replace(good.Replace(" ", ""), bad.Replace(" ", ""));
        Assert.NotEqual(json, hostile);
        Assert.Throws<KeystoreException>(() => Keystore.Decrypt(hostile, "x"));
    }

    [Fact]
    public void A_keystore_that_names_another_address_is_refused()
    {
        using var signer = LocalSigner.Generate();
        var json = Keystore.Encrypt(signer, "x", scryptN: 1024).Replace(signer.Address.ToLowerString()[2..], new string('0', 40));
        Assert.Throws<KeystoreException>(() => Keystore.Decrypt(json, "x"));
    }

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
