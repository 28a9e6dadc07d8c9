using BiT.Core.Store;
using BiT.Training.Worker;
using Microsoft.Data.Sqlite;

namespace BiT.Tests.Unit.Worker;

public sealed class JobErrorsTests
{
    public static TheoryData<Exception, string> Errors => new()
    {
        { new IOException("no room", 28), "DISK_FULL" },
        { new AggregateException(new IOException("no room", 122)), "DISK_FULL" },
        { Store(13), "DISK_FULL" },
        { new OutOfMemoryException(), "OUT_OF_MEMORY" },
        { Store(7), "OUT_OF_MEMORY" },
        { Store(10, extended: 3082), "OUT_OF_MEMORY" },
        { Store(11), "STORE_DAMAGED" },
        { Store(26), "STORE_DAMAGED" },
        { Store(10), "STORE_UNAVAILABLE" },
        { new BlobCorruptException("00", "changed"), "STORE_DAMAGED" },
        { new AggregateException(new InvalidOperationException("of nobody's")), "INTERNAL" },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void Problem_HasAReasonThatSaysWhatToDo(Exception problem, string reason) => Assert.Equal(reason, JobErrors.Of(problem).Reason);

    // sqlite3.h: NOMEM 7, IOERR 10 (_NOMEM 3082), CORRUPT 11, FULL 13, NOTADB 26.
    private static StoreUnavailableException Store(int code, int? extended = null) => new("m", new SqliteException("m", code, extended ?? code));
}
