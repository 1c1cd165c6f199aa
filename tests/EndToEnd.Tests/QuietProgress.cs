using Assay.Circle.Demo;
using Assay.Circle.Network;
using Xunit.Abstractions;

namespace Assay.EndToEnd.Tests;

/// <summary>Only the lines that a reader of a failed test wants.</summary>
internal sealed class QuietProgress(ITestOutputHelper output) : IDemoProgress
{
    public void Say(string line) => output.WriteLine(line);

    public void Placed(int count, int total)
    {
    }

    public void Jobs(IEnumerable<IndexedJob> jobs, int placed)
    {
    }
}
