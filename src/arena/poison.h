/* Marks memory that nobody may touch: for AddressSanitizer, and nothing in other builds. */
#ifndef LEAT_ARENA_POISON_H
#define LEAT_ARENA_POISON_H

#if defined(__SANITIZE_ADDRESS__)
#define LEAT_ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAT_ARENA_ASAN 1
#endif
#endif

#ifdef LEAT_ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define arena_poison(address, bytes) ASAN_POISON_MEMORY_REGION((address), (bytes))
#define arena_unpoison(address, bytes) ASAN_UNPOISON_MEMORY_REGION((address), (bytes))
#else
#define arena_poison(address, bytes) ((void)(address), (void)(bytes))
#define arena_unpoison(address, bytes) ((void)(address), (void)(bytes))
#endif

#if defined(LEAT_ARENA_ASAN) || LEAT_CHECK >= 1
#define ARENA_RED_ZONE LEAT_LINE
#else
#define ARENA_RED_ZONE 0
#endif

#endif
