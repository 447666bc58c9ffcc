package io.lakeloop.jobs;

public final class Main {
  public static void main(String[] args) {}
}
