package io.lakeloop.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/** Processes as this one sees them. */
final class Processes {
  private static final Path NAMESPACE = Path.of("/proc/self/ns/pid");
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  private Processes() {}

  /**
   * Where process numbers mean what they mean here: this boot of this machine and, in it, this
   * namespace of processes. Containers have one each, whatever their hosts are called. Empty where
   * the system does not tell.
   */
  static Optional<String> space() {
    try {
      return Optional.of(
          Files.readString(BOOT).strip() + " " + Files.readSymbolicLink(NAMESPACE).toString());
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  /** Start of a process, milliseconds since 1970; 0 where the system does not tell. */
  static long startOf(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  /** False if there is no process of that number, or one that began at another time. */
  static boolean lives(long process, long began) {
    return ProcessHandle.of(process).filter(p -> startOf(p) == began).isPresent();
  }
}
