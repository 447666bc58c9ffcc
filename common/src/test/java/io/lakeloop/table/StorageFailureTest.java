package io.lakeloop.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.AccessDeniedException;
import java.util.List;
import org.junit.jupiter.api.Test;
import shaded.parquet.org.apache.thrift.TException;

class StorageFailureTest {
  private static UserError told(Throwable cause) {
    return StorageFailure.of(new IllegalStateException("Job aborted", new RuntimeException(cause)))
        .orElseThrow();
  }

  @Test
  void aFullDiskIsForAnotherTime() {
    UserError error = told(new IOException("No space left on device"));
    assertThat(error.code()).isEqualTo(ErrorCode.UNAVAILABLE);
    assertThat(error).hasMessageContaining("no space is left");
  }

  @Test
  void aPlaceThatMayNotBeWrittenIsNamed() {
    assertThat(told(new AccessDeniedException("/lake/x")))
        .hasMessageContaining("Cannot use /lake/x");
    assertThat(told(new FileNotFoundException("/lake/y (Permission denied)")))
        .hasMessageContaining("Cannot use /lake/y: permission denied");
    assertThat(told(new FileNotFoundException("/lake/z (Read-only file system)")))
        .hasMessageContaining("Cannot use /lake/z: it is read-only");
  }

  @Test
  void aFileThatIsDamagedIsNamed() {
    UserError error = told(new IOException("file:/lake/a.parquet is not a Parquet file. Expected"));
    assertThat(error.code()).isEqualTo(ErrorCode.ARTIFACT_CORRUPT);
    assertThat(error).hasMessageStartingWith("Cannot read file:/lake/a.parquet: it is damaged");
    assertThat(
            told(
                new IOException("Encountered error while reading file s3a://b/_delta_log/1.json.")))
        .hasMessageContaining("s3a://b/_delta_log/1.json: it is damaged or gone")
        .hasMessageContaining("moved away");
  }

  @Test
  void damageThatParquetTellsOfWithoutAFileIsOfTheFileAroundIt() {
    UserError error =
        StorageFailure.of(
                new IllegalStateException("in file:/lake/b.parquet", new TException("bad header")))
            .orElseThrow();
    assertThat(error.code()).isEqualTo(ErrorCode.ARTIFACT_CORRUPT);
    assertThat(error).hasMessageContaining("file:/lake/b.parquet");
  }

  @Test
  void whatDoesNotAnswerIsForAnotherTime() {
    for (IOException silence :
        List.of(new SocketException("Connection reset"), new SocketTimeoutException("timeout"))) {
      assertThat(told(silence).code()).isEqualTo(ErrorCode.UNAVAILABLE);
      assertThat(told(silence)).hasMessageContaining(silence.getMessage());
    }
  }

  @Test
  void whatIsSomethingElseStaysADefect() {
    assertThat(StorageFailure.of(new IllegalStateException("file:/x is odd"))).isEmpty();
    assertThat(StorageFailure.of(new IOException((String) null))).isEmpty();
  }
}
