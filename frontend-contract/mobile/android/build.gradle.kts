// Apollo Kotlin 4: the shop's operations as Kotlin. Copy the block `apollo` into the module that talks to the shop.
plugins {
    id("com.android.library")
    kotlin("android")
    id("com.apollographql.apollo") version "4.2.0"
}

dependencies {
    implementation("com.apollographql.apollo:apollo-runtime:4.2.0")
}

apollo {
    service("selvedge") {
        packageName.set("dev.selvedge.shop")
        schemaFile.set(file("../../../schema/api.graphql"))
        srcDir("../../operations")
        // The playground's examples are for people.
        excludes.add("playground/**")

        // RFC 3339 text; map it to the date type of the app with an adapter of its own where one is wanted.
        mapScalarToKotlinString("DateTime")

        // A value that a later version of the shop adds arrives as UNKNOWN__ with its text instead of failing.
        sealedClassesForEnumsMatching.set(listOf(".*"))

        // For a gateway that takes trusted documents only.
        operationManifestFormat.set("persistedQueryManifest")
        failOnWarnings.set(true)
    }
}
