package io.lakeloop.reward;

/** A prompt with one answer to it. */
public record Exchange(String prompt, String completion) implements java.io.Serializable {}
