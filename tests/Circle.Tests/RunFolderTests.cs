using Assay.Circle.Stack;

namespace Assay.Circle.Tests;

public sealed class RunFolderTests
{
    [Fact]
    public void A_folder_is_gone_once_disposed()
    {
        var folder = RunFolder.Create(Checkout.Find());
        File.WriteAllText(folder.File("something"), "");
        folder.Dispose();

        Assert.False(Directory.Exists(folder.Path));
    }

    [Fact]
    public void A_kept_folder_stays()
    {
        var folder = RunFolder.Create(Checkout.Find());
        folder.Keep();
        folder.Dispose();
        using var next = RunFolder.Create(Checkout.Find());

        Assert.True(Directory.Exists(folder.Path));
        Directory.Delete(folder.Path, recursive: true);
    }

    [Fact]
    public void A_folder_whose_owner_died_is_removed_by_the_next_one()
    {
        using var mine = RunFolder.Create(Checkout.Find());
        var abandoned = Path.Combine(Path.GetDirectoryName(mine.Path)!, $"19700101-000000.000-{Environment.ProcessId}-0");
        Directory.CreateDirectory(abandoned);
        File.WriteAllText(Path.Combine(abandoned, ".lock"), "");

        using var next = RunFolder.Create(Checkout.Find());

        Assert.False(Directory.Exists(abandoned));
        Assert.True(Directory.Exists(mine.Path));
    }

    [Fact]
    public void A_secret_is_readable_by_its_owner_only()
    {
        using var folder = RunFolder.Create(Checkout.Find());
        var path = folder.WriteSecret("key", "content");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal("content", File.ReadAllText(path));
    }
}
